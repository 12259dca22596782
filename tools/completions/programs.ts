// The commands and flags of both programs, as far as a shell completes them.

import type { CompletedCommand, CompletedFlag, CompletedProgram } from "./shells.ts";

const flag = (
  name: string,
  summary: string,
  value?: NonNullable<CompletedFlag["value"]>,
): CompletedFlag => (value === undefined ? { name, summary } : { name, summary, value });

const HELP = flag("--help", "show help");
const VERSION = flag("--version", "show the version");

const BUNDLE = flag("--bundle", "folder of the bundle", "folder");

/** What create and run have in common. */
const CREATE_FLAGS = [
  BUNDLE,
  flag("--console-socket", "socket that receives the terminal", "file"),
  flag("--pid-file", "file that receives the process id", "file"),
  flag("--pidfd-socket", "socket that receives a pidfd", "file"),
  flag("--preserve-fds", "descriptors to pass on, after 2", "text"),
  flag("--no-pivot", "change the root without pivot_root"),
  flag("--no-new-keyring", "keep the session keyring"),
];

const EXEC_FLAGS = [
  flag("--process", "process.json of the process", "file"),
  flag("--tty", "give the process a terminal"),
  flag("--user", "UID[:GID]", "text"),
  flag("--additional-gids", "another group", "text"),
  flag("--env", "NAME=VALUE", "text"),
  flag("--cwd", "working directory", "text"),
  flag("--cap", "another capability", "text"),
  flag("--cgroup", "cgroup below the container's", "text"),
  flag("--apparmor", "AppArmor profile", "text"),
  flag("--process-label", "SELinux label", "text"),
  flag("--no-new-privs", "forbid new privileges"),
  flag("--detach", "do not wait for the process"),
  flag("--console-socket", "socket that receives the terminal", "file"),
  flag("--pid-file", "file that receives the process id", "file"),
  flag("--preserve-fds", "descriptors to pass on, after 2", "text"),
  flag("--ignore-paused", "also when the container is paused"),
];

const UPDATE_FLAGS = [
  flag("--resources", "resources.json with the new limits", "file"),
  flag("--memory", "memory limit in bytes", "text"),
  flag("--memory-reservation", "soft memory limit in bytes", "text"),
  flag("--memory-swap", "limit of memory and swap in bytes", "text"),
  flag("--cpu-period", "CPU period in microseconds", "text"),
  flag("--cpu-quota", "CPU quota in microseconds", "text"),
  flag("--cpu-burst", "CPU burst in microseconds", "text"),
  flag("--cpu-share", "CPU shares", "text"),
  flag("--cpu-idle", "scheduled only when idle", "text"),
  flag("--cpuset-cpus", "list of CPUs", "text"),
  flag("--cpuset-mems", "list of memory nodes", "text"),
  flag("--pids-limit", "number of processes", "text"),
  flag("--blkio-weight", "block I/O weight", "text"),
];

const command = (
  name: string,
  summary: string,
  flags: readonly CompletedFlag[] = [],
  words: CompletedCommand["arguments"] = "container",
): CompletedCommand => ({ name, summary, flags: [...flags, HELP], arguments: words });

const FORMAT = flag("--format", "table or json", "text");

export const OCICAT_RUNTIME: CompletedProgram = {
  name: "ocicat-runtime",
  listContainers: "ocicat-runtime list --quiet",
  flags: [
    flag("--root", "folder of the containers' state", "folder"),
    flag("--log", "file for log records", "file"),
    flag("--log-format", "text or json", "text"),
    flag("--systemd-cgroup", "let systemd manage the cgroups"),
    flag("--rootless", "true, false or auto", "text"),
    flag("--debug", "log more"),
    HELP,
    VERSION,
  ],
  commands: [
    command("create", "create a container", CREATE_FLAGS, "none"),
    command("start", "start a created container"),
    command(
      "run",
      "create and start a container",
      [
        ...CREATE_FLAGS,
        flag("--detach", "do not wait for the container"),
        flag("--keep", "do not delete the container when it ends"),
        flag("--no-subreaper", "do not adopt orphans"),
      ],
      "none",
    ),
    command("state", "show the state of a container"),
    command("kill", "send a signal to a container", [flag("--all", "to all its processes")]),
    command("delete", "delete a container", [flag("--force", "kill it first")]),
    command("exec", "run another process in a container", EXEC_FLAGS),
    command("ps", "list the processes of a container", [FORMAT]),
    command("list", "list containers", [FORMAT, flag("--quiet", "only their names")], "none"),
    command("pause", "freeze the processes of a container"),
    command("resume", "thaw the processes of a container"),
    command("update", "change the limits of a container", UPDATE_FLAGS),
    command("events", "show events and statistics of a container", [
      flag("--stats", "show the statistics once"),
      flag("--interval", "time between statistics", "text"),
    ]),
    command("spec", "write a config.json", [BUNDLE, flag("--rootless", "for a user")], "none"),
    command("features", "show what this runtime supports", [], "none"),
  ],
};

export const OCICAT: CompletedProgram = {
  name: "ocicat",
  listContainers: "ocicat runtime list --quiet",
  flags: [HELP, VERSION],
  commands: [
    command(
      "run",
      "run a container",
      [
        flag("--interactive", "pass standard input on"),
        flag("--tty", "give the container a terminal"),
        flag("--rm", "delete the container when it ends"),
        flag("--detach", "do not wait for the container"),
        flag("--name", "name of the container", "text"),
        flag("--rootfs", "run on this folder", "folder"),
        flag("--env", "NAME=VALUE", "text"),
        flag("--user", "user, or UID[:GID]", "text"),
        flag("--workdir", "working directory", "text"),
        flag("--hostname", "name of the host inside", "text"),
        flag("--volume", "SOURCE:TARGET[:OPTIONS]", "text"),
        flag("--memory", "memory limit", "text"),
        flag("--cpus", "number of CPUs", "text"),
        flag("--pids-limit", "number of processes", "text"),
      ],
      "none",
    ),
    command(
      "explain",
      "show the system calls that would make a container",
      [flag("--json", "as JSON"), flag("--diff", "compare two bundles")],
      "folder",
    ),
    command("runtime", "the commands of ocicat-runtime", [], "none"),
  ],
};

export const PROGRAMS = [OCICAT, OCICAT_RUNTIME];
