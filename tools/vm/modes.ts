// The two kinds of machine that the lane boots, and the tests of each boot.
//
//   test/vm/*.test.ts           in both
//   test/vm/cgroup2/*.test.ts   without systemd: PID 1 is a script, cgroup v2 is delegated to nobody
//   test/vm/systemd/*.test.ts   systemd is PID 1
//   test/e2e/                   once, on a clean second machine with an older kernel: what users do
//                               (OF_RUN, OF_CONTAINERS) where systemd is PID 1, the others without it
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

const OF_RUN = ["test/e2e/run-*.test.ts"];
const OF_CONTAINERS = ["test/e2e/containers*.test.ts"];

/**
 * What another kernel hardly changes: texts, documents, registries, streams. Emulation would take minutes
 * for it.
 */
const OF_NO_KERNEL = [
  "test/e2e/{command-line,config,embed,explain,handed-on,install}.test.ts",
  "test/e2e/images-*.test.ts",
  "test/e2e/containers-inspect.test.ts",
  "test/e2e/run-{process,pull,stdio,terminal}.test.ts",
];

export interface Boot {
  /** For the console. */
  readonly name: string;
  readonly mode: Mode;
  /** Globs relative to the repository. */
  readonly tests: readonly string[];
  /** Globs too: what of them is left out. */
  readonly except?: readonly string[];
}

/** The longest first: two machines run at a time. */
export const BOOTS: readonly Boot[] = [
  { name: "containers", mode: "systemd", tests: OF_CONTAINERS, except: OF_NO_KERNEL },
  { name: "run", mode: "systemd", tests: OF_RUN, except: OF_NO_KERNEL },
  {
    name: "e2e",
    mode: "cgroup2",
    tests: ["test/e2e/**/*.test.ts"],
    except: [...OF_RUN, ...OF_CONTAINERS, ...OF_NO_KERNEL],
  },
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
