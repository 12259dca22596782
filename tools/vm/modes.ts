// The two machines that the lane boots, and which tests each of them runs.
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

/** Globs of the tests of a mode, relative to the repository. */
export const TESTS_OF_MODE: Record<Mode, readonly string[]> = {
  cgroup2: [
    "test/vm/*.test.ts",
    "test/vm/cgroup2/**/*.test.ts",
    "test/e2e/**/*.test.ts",
    ...OF_MODULES,
  ],
  systemd: ["test/vm/*.test.ts", "test/vm/systemd/**/*.test.ts", "src/cgroup/cgroup.test.ts"],
};
