// Log-ins of the guest with systemd, as sshd or a console make them: sessions of logind's.

import { rmSync } from "node:fs";
import { eventually } from "../peers/conditions.ts";
import { run } from "./run.ts";

const SETTINGS = "/etc/systemd/logind.conf.d/ocicat-test.conf";

/** The command that logs `user` in, runs `command` and logs out. `flag` says what its streams are. */
export function inSession(
  user: string,
  command: readonly string[],
  flag: "--pipe" | "--pty" = "--pipe",
): string[] {
  const login = ["--property=PAMName=login", `--property=User=${user}`];
  return ["systemd-run", "--quiet", "--wait", "--collect", flag, ...login, "--", ...command];
}

/** Nothing of a session outlives it, whoever the user is; nor does a user's systemd, without lingering. */
export async function killUserProcesses(): Promise<void> {
  const lines = ["[Login]", "KillUserProcesses=yes", "KillExcludeUsers=", "UserStopDelaySec=0"];
  await Bun.write(SETTINGS, `${lines.join("\n")}\n`);
  await run(["systemctl", "restart", "systemd-logind"]);
}

export async function keepUserProcesses(): Promise<void> {
  rmSync(SETTINGS, { force: true });
  await run(["systemctl", "restart", "systemd-logind"]);
}

export async function sessionsEnded(user: string): Promise<void> {
  await eventually(`the end of the sessions of ${user}`, async () => {
    const { stdout } = await run(["loginctl", "list-sessions", "--no-legend"]);
    return !stdout.split("\n").some((line) => line.split(/ +/).includes(user));
  });
}
