// The two kinds of machine that the lane boots, and the tests of each boot.
//
//   test/vm/*.test.ts           in both
//   test/vm/cgroup2/*.test.ts   without systemd: PID 1 is a script, cgroup v2 is delegated to nobody
//   test/vm/systemd/*.test.ts   systemd is PID 1
//   test/e2e/                   what another kernel, cgroup v2 or systemd changes: OF_CONTAINERS, OF_KEPT,
//                               OF_PODS, OF_RUN, OF_VERBS, each on a clean machine
//   src/                        what OF_MODULES names
//
// Emulation makes a test ten times slower. What OF_FURTHER names is tried only when it is asked for (--wide): its
// subject is much the same on all kernels. The rest of test/e2e runs on the host alone. The lane says what it left out.

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

/** What users do with containers that are kept. */
const OF_CONTAINERS = [
  "test/e2e/containers.test.ts",
  "test/e2e/containers-{exec,layers,oom-score,rootless}.test.ts",
  "test/e2e/run-{rootless,users}.test.ts",
];

/** What commands and reports say of them, and what they bring along. */
const OF_KEPT = [
  "test/e2e/containers-{restart,settle}.test.ts",
  "test/e2e/{embed,events,run-image-mounts,system,volumes}.test.ts",
  // This kernel mounts no EROFS from a file: images are folders.
  "test/e2e/{read-only-store,run-pull}.test.ts",
];

/** Pods, and what ordinary users' containers have of the machine's users. */
const OF_PODS = ["test/e2e/{pods,pods-rootless,run-users-rootless,users-files-rootless}.test.ts"];

/** What users run. */
const OF_RUN = [
  "test/e2e/run-{hello,namespaces-rootless,security}.test.ts",
  "test/e2e/run-{init,mounts,namespaces,terminal,volumes}.test.ts",
];

/** What is much the same on all kernels, by kind of machine. */
const OF_FURTHER: Record<Mode, readonly string[]> = {
  cgroup2: [
    "test/e2e/containers-{clone,cp,flags,inspect,list}.test.ts",
    "test/e2e/{command-line,embed-engine,embed-waits,images-archives,images-registry}.test.ts",
    "test/e2e/{run-formats,secrets,trace}.test.ts",
  ],
  systemd: [
    "test/e2e/containers-{exec-held,neglected}.test.ts",
    "test/e2e/{healthcheck,kube,kube-lifecycle,quick-program}.test.ts",
    "test/e2e/run-{further,process,stdio,streams}.test.ts",
  ],
};

/**
 * What limits are to containers, also to those that are kept: stats, update and the rest of it. What systemd
 * has to do with them is in test/vm/systemd. spec-process gives processes some of the machine's processors.
 */
const OF_LIMITS = ["test/e2e/{containers-resources,run-limits,spec-process}.test.ts"];

/** What the OCI verbs do. */
const OF_VERBS = [
  "test/e2e/{exec,handed-on,hooks,process,terminal}.test.ts",
  "test/e2e/{doctor,lifecycle,resources,rootless}.test.ts",
  "test/e2e/spec-{devices,mounts,namespaces,root,seccomp}.test.ts",
];

/** Enough for tests that give containers some of them. */
export const MOST_PROCESSORS = 2;

export interface Boot {
  /** For the console. */
  readonly name: string;
  readonly mode: Mode;
  /** One costs the emulator a fifth less: there is no other one to wait for, nor to tell of each change. */
  readonly processors: number;
  /** Globs relative to the repository. */
  readonly tests: readonly string[];
}

/** Two machines run at a time: in this order none of them is left alone for long. */
export const BOOTS: readonly Boot[] = [
  { name: "containers", mode: "systemd", processors: 1, tests: OF_CONTAINERS },
  { name: "pods", mode: "systemd", processors: 1, tests: OF_PODS },
  { name: "kept", mode: "cgroup2", processors: 1, tests: OF_KEPT },
  { name: "verbs", mode: "cgroup2", processors: 1, tests: OF_VERBS },
  { name: "run", mode: "systemd", processors: 1, tests: OF_RUN },
  {
    name: "systemd",
    mode: "systemd",
    processors: MOST_PROCESSORS,
    tests: ["test/vm/*.test.ts", "test/vm/systemd/**/*.test.ts", "src/cgroup/cgroup.test.ts"],
  },
  {
    name: "cgroup2",
    mode: "cgroup2",
    processors: MOST_PROCESSORS,
    tests: ["test/vm/*.test.ts", "test/vm/cgroup2/**/*.test.ts", ...OF_MODULES, ...OF_LIMITS],
  },
];

/** When the lane is to be wide. */
export const FURTHER_BOOTS: readonly Boot[] = MODES.map((mode) => ({
  name: `further-${mode}`,
  mode,
  processors: 1,
  tests: OF_FURTHER[mode],
}));
