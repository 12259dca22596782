// The ordinary user of the guest, and the ways to run a program as it.

/** As tools/vm/machine.ts makes it: subordinate ids from 100000 on, 65536 of them. */
export const USER = { name: "sam", id: 1000, subordinateIds: 100_000, subordinateCount: 65_536 };

export interface Account {
  readonly id: number;
  /** The command that runs `command` as this account. */
  readonly command: (command: readonly string[]) => string[];
}

/** Without a session: no bus, no cgroup that it may write. */
export const WITHOUT_SESSION: Account = {
  id: USER.id,
  command: (command) => [
    ...["setpriv", `--reuid=${USER.id}`, `--regid=${USER.id}`, "--init-groups", "--reset-env"],
    ...["env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", ...command],
  ],
};

/** A unit of the user's own systemd, which has delegated a cgroup to it. */
export const IN_USER_UNIT: Account = {
  id: USER.id,
  command: (command) => [
    ...["systemd-run", "--quiet", "--user", `--machine=${USER.name}@.host`, "--collect", "--wait"],
    ...["--pipe", "--property=Delegate=yes", "--property=KillMode=process", "--", ...command],
  ],
};
