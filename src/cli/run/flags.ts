// The flags of `ocicat run`, spelled as docker and podman spell them. The parser, --help and the
// suggestions for a mistyped flag all read this table.

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What --help calls its value; a flag without one is a switch. */
  readonly value?: string;
  readonly summary: string;
}

export const RUN_FLAGS = [
  { name: "interactive", short: "i", summary: "keep standard input open" },
  { name: "tty", short: "t", summary: "give the process a terminal" },
  { name: "rm", summary: "remove the container's changes when it has ended" },
  { name: "rootfs", value: "DIR", summary: "run on this folder instead of an image" },
  { name: "name", value: "NAME", summary: "name of the container; random by default" },
  { name: "env", short: "e", value: "NAME[=VALUE]", summary: "set a variable, or pass ours on" },
  { name: "env-file", value: "FILE", summary: "set the variables in a file, one a line" },
  { name: "workdir", short: "w", value: "DIR", summary: "working directory inside" },
  { name: "user", short: "u", value: "USER[:GROUP]", summary: "by names of the image or numbers" },
  { name: "entrypoint", value: "PROGRAM", summary: 'in place of the image\'s; "" for none' },
  { name: "hostname", short: "h", value: "NAME", summary: "host name inside" },
  { name: "memory", short: "m", value: "SIZE", summary: "memory limit: bytes, or with k, m, g" },
  { name: "cpus", value: "NUMBER", summary: "CPU time, in processors: 1.5" },
  { name: "pids-limit", value: "NUMBER", summary: "number of processes; -1 for no limit" },
  {
    name: "volume",
    short: "v",
    value: "SOURCE:TARGET[:ro]",
    summary: "show a file or folder of the host inside",
  },
  {
    name: "mount",
    value: "type=bind|tmpfs,...",
    summary: "the same in words: source=, target=, readonly, tmpfs-size=, tmpfs-mode=",
  },
  { name: "tmpfs", value: "TARGET[:OPTIONS]", summary: "an empty folder in memory" },
  { name: "read-only", summary: "make the root file system read-only" },
  { name: "network", value: "none|host", summary: "none, the default, has loopback alone" },
  { name: "systemd-cgroup", summary: "let systemd manage the cgroup" },
  { name: "store", value: "DIR", summary: "folder of images and containers" },
  { name: "root", value: "DIR", summary: "folder of running containers' state" },
  { name: "help", summary: "show this help" },
] as const satisfies readonly Flag[];

export type FlagName = (typeof RUN_FLAGS)[number]["name"];
