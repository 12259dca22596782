// What `ocicat doctor` asks of the kernel itself: its version, the system calls, seccomp, procfs. Calls
// are tried with arguments that make them do nothing.

import { AT_FDCWD, O_PATH, PROC_SUPER_MAGIC } from "../abi/file.ts";
import { FSOPEN_CLOEXEC, OPEN_TREE_CLOEXEC } from "../abi/mount.ts";
import { Errno, errnoText } from "../error/errno.ts";
import { call } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { close, tryOpenAt2 } from "../sys/file.ts";
import { tryFileSystemType } from "../sys/file-system-type.ts";
import { cstring } from "../sys/memory.ts";
import { type Check, note, ok, problem } from "./doctor-check.ts";
import { readSetting } from "./read-setting.ts";

/** mount_setattr(2) is the youngest call that no container does without. */
const OLDEST_KERNEL = { major: 5, minor: 12 };
/** EROFS is mounted from a file. */
const NEWEST_FEATURE = { major: 6, minor: 12 };

export function checkKernel(): Check[] {
  return [checkVersion(), checkSystemCalls(), checkProcfs(), checkSeccomp(), checkMemfds()];
}

interface Version {
  readonly major: number;
  readonly minor: number;
}

function isOlder(version: Version, than: Version): boolean {
  return version.major === than.major ? version.minor < than.minor : version.major < than.major;
}

function checkVersion(): Check {
  return judgeVersion(readSetting("/proc/sys/kernel/osrelease") ?? "", hostArchitecture.name);
}

/** `release` is uname's: "6.18.1-cloud-amd64". */
export function judgeVersion(release: string, machine: string): Check {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (match === null) {
    return problem("kernel", "its version cannot be read: /proc is not as it should be");
  }
  const version = { major: Number(match[1]), minor: Number(match[2]) };
  const found = `Linux ${release} on ${machine}`;
  if (isOlder(version, OLDEST_KERNEL)) {
    const { major, minor } = OLDEST_KERNEL;
    return problem("kernel", found, `use Linux ${major}.${minor} or newer`);
  }
  return isOlder(version, NEWEST_FEATURE)
    ? note("kernel", found, "with Linux 6.12 or newer, layers of images can be mounted as files")
    : ok("kernel", found);
}

interface CallTrial {
  readonly name: string;
  readonly since: string;
  /** A descriptor, or -errno of a call that cannot succeed. */
  readonly attempt: () => number;
}

const NO_FD = -1;

const CALL_TRIALS: readonly CallTrial[] = [
  {
    name: "openat2",
    since: "5.6",
    attempt: () => tryOpenAt2(AT_FDCWD, "/", { flags: O_PATH, resolve: 0 }),
  },
  { name: "pidfd_open", since: "5.3", attempt: () => call("pidfd_open", call("getpid"), 0) },
  { name: "clone3", since: "5.3", attempt: () => call("clone3", 0, 0) },
  { name: "fsopen", since: "5.2", attempt: () => call("fsopen", cstring("tmpfs"), FSOPEN_CLOEXEC) },
  {
    name: "open_tree",
    since: "5.2",
    attempt: () => call("open_tree", AT_FDCWD, cstring("/"), OPEN_TREE_CLOEXEC),
  },
  {
    name: "move_mount",
    since: "5.2",
    attempt: () => call("move_mount", NO_FD, cstring(""), NO_FD, cstring(""), 0),
  },
  {
    name: "mount_setattr",
    since: "5.12",
    attempt: () => call("mount_setattr", NO_FD, cstring(""), 0, 0, 0),
  },
];

function checkSystemCalls(): Check {
  const missing = CALL_TRIALS.filter(({ attempt }) => isMissing(attempt()));
  const name = "system calls";
  if (missing.length === 0) {
    return ok(name, `${CALL_TRIALS.map((trial) => trial.name).join(", ")}`);
  }
  const listed = missing.map((trial) => `${trial.name} (Linux ${trial.since})`).join(", ");
  return problem(
    name,
    `missing: ${listed}`,
    "use a newer kernel; in a container, a seccomp profile that knows these calls",
  );
}

function isMissing(result: number): boolean {
  if (result >= 0) {
    close(result);
  }
  return result === -Errno.ENOSYS;
}

function checkProcfs(): Check {
  const name = "/proc";
  const type = tryFileSystemType("/proc");
  if (type !== PROC_SUPER_MAGIC) {
    const why = type < 0 ? errnoText(-type) : "something else is mounted there";
    return problem(name, why, "mount -t proc proc /proc");
  }
  const covered = coveredPaths(readSetting("/proc/self/mountinfo") ?? "");
  if (covered.length === 0) {
    return ok(name, "mounted, nothing in it is masked");
  }
  return note(
    name,
    `masked: ${covered.slice(0, 5).join(", ")}${covered.length > 5 ? " and others" : ""}`,
    "this is a container; give it an unmasked /proc (docker: --security-opt systempaths=unconfined, podman: --security-opt unmask=ALL)",
  );
}

/** Mount points below /proc that hide a part of it; binfmt_misc belongs there. */
export function coveredPaths(mountinfo: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith("/proc/") && path !== "/proc/sys/fs/binfmt_misc");
}

function checkSeccomp(): Check {
  const name = "seccomp";
  const actions = readSetting("/proc/sys/kernel/seccomp/actions_avail");
  if (actions === undefined) {
    return note(
      name,
      "the kernel has no filters: a configuration that asks for one is refused",
      "use a kernel with CONFIG_SECCOMP_FILTER",
    );
  }
  return actions.split(" ").includes("user_notif")
    ? ok(name, `actions ${actions}`)
    : note(name, `no user_notif: ${actions}`, "use Linux 5.0 or newer for profiles with an agent");
}

/** vm.memfd_noexec forbids the stage's usual way: it then runs from a copy that is protected otherwise. */
function checkMemfds(): Check {
  const value = readSetting("/proc/sys/vm/memfd_noexec") ?? "0";
  return value === "2"
    ? note("memory files", "vm.memfd_noexec is 2: none can be executed, the stage runs from a copy")
    : ok("memory files", "can be executed and sealed");
}
