// The two kinds of machine that the lane boots, and the tests of each boot.
//
//   test/vm/*.test.ts           in both
//   test/vm/cgroup2/*.test.ts   without systemd: PID 1 is a script, cgroup v2 is delegated to nobody
//   test/vm/systemd/*.test.ts   systemd is PID 1
//   test/e2e/                   without systemd: a clean second machine, with an older kernel
//   src/                        what OF_MODULES names

export const MODES = ["cgroup2", "systemd"] as const;

export type Mode = (typeof MODES)[number];

export function isMode(text: string): text is Mode {
  return MODES.some((mode) => mode === text);
}

/** The init that the initrd starts on the root disk. */
export const INIT_OF_MODE: Record<Mode, string> = {
  cgroup2: "/usr/lib/ocicat-vm/plain-init",
  systemd: "/sbin/init",
};

/** Tests of single modules that say more on another kernel and another cgroup layout. */
const OF_MODULES = ["src/cgroup/cgroup.test.ts", "src/{sys,stage}/**/*.test.ts"];

export interface Boot {
  /** For the console. */
  readonly name: string;
  readonly mode: Mode;
  /** Globs relative to the repository. */
  readonly tests: readonly string[];
}

/** The longest first: two machines run at a time. */
export const BOOTS: readonly Boot[] = [
  { name: "e2e", mode: "cgroup2", tests: ["test/e2e/**/*.test.ts"] },
  {
    name: "cgroup2",
    mode: "cgroup2",
    tests: ["test/vm/*.test.ts", "test/vm/cgroup2/**/*.test.ts", ...OF_MODULES],
  },
  {
    name: "systemd",
    mode: "systemd",
    tests: ["test/vm/*.test.ts", "test/vm/systemd/**/*.test.ts", "src/cgroup/cgroup.test.ts"],
  },
];
