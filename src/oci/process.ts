// `process` of config.json, which is also the whole document of `exec --process`.
// Source: config.md, section "Process".

export interface Process {
  readonly terminal?: boolean;
  /** Ignored unless `terminal`. */
  readonly consoleSize?: ConsoleSize;
  /** The parser makes it root (0:0) where the document has none. */
  readonly user: User;
  /** At least one entry. */
  readonly args: readonly string[];
  readonly env?: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly capabilities?: Capabilities;
  readonly rlimits?: readonly Rlimit[];
  readonly noNewPrivileges?: boolean;
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
  /** -1000 to 1000; absent: unchanged. */
  readonly oomScoreAdj?: number;
  readonly scheduler?: Scheduler;
  readonly ioPriority?: IoPriority;
  readonly execCPUAffinity?: ExecCpuAffinity;
}

export interface ConsoleSize {
  readonly height: number;
  readonly width: number;
}

/** Ids inside the container. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  /** 0 to 0777; absent: unchanged. */
  readonly umask?: number;
  readonly additionalGids?: readonly number[];
}

/** Names as capabilities(7) spells them ("CAP_CHOWN"). Unknown ones are warned of and ignored. */
export interface Capabilities {
  readonly bounding?: readonly string[];
  readonly effective?: readonly string[];
  readonly inheritable?: readonly string[];
  readonly permitted?: readonly string[];
  readonly ambient?: readonly string[];
}

export const CAPABILITY_SETS = [
  "bounding",
  "effective",
  "inheritable",
  "permitted",
  "ambient",
] as const satisfies readonly (keyof Capabilities)[];

/** Every capability of Linux 6.18, at the index of its number. */
export const CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
] as const;

export interface Rlimit {
  readonly type: RlimitType;
  readonly hard: Uint64;
  readonly soft: Uint64;
}

/**
 * An unsigned 64-bit number: a `number` where it is exact (up to 2^53), else a `bigint`, such as
 * RLIM_INFINITY = 18446744073709551615n.
 */
export type Uint64 = number | bigint;

/** At the index of their number on x86-64 and aarch64. */
export const RLIMIT_TYPES = [
  "RLIMIT_CPU",
  "RLIMIT_FSIZE",
  "RLIMIT_DATA",
  "RLIMIT_STACK",
  "RLIMIT_CORE",
  "RLIMIT_RSS",
  "RLIMIT_NPROC",
  "RLIMIT_NOFILE",
  "RLIMIT_MEMLOCK",
  "RLIMIT_AS",
  "RLIMIT_LOCKS",
  "RLIMIT_SIGPENDING",
  "RLIMIT_MSGQUEUE",
  "RLIMIT_NICE",
  "RLIMIT_RTPRIO",
  "RLIMIT_RTTIME",
] as const;
export type RlimitType = (typeof RLIMIT_TYPES)[number];

/** sched_setattr(2). */
export interface Scheduler {
  readonly policy: SchedulerPolicy;
  readonly nice?: number;
  readonly priority?: number;
  readonly flags?: readonly SchedulerFlag[];
  /** Nanoseconds, as are `deadline` and `period`; for SCHED_DEADLINE. */
  readonly runtime?: Uint64;
  readonly deadline?: Uint64;
  readonly period?: Uint64;
}

export const SCHEDULER_POLICIES = [
  "SCHED_OTHER",
  "SCHED_FIFO",
  "SCHED_RR",
  "SCHED_BATCH",
  "SCHED_ISO",
  "SCHED_IDLE",
  "SCHED_DEADLINE",
] as const;
export type SchedulerPolicy = (typeof SCHEDULER_POLICIES)[number];

export const SCHEDULER_FLAGS = [
  "SCHED_FLAG_RESET_ON_FORK",
  "SCHED_FLAG_RECLAIM",
  "SCHED_FLAG_DL_OVERRUN",
  "SCHED_FLAG_KEEP_POLICY",
  "SCHED_FLAG_KEEP_PARAMS",
  "SCHED_FLAG_UTIL_CLAMP_MIN",
  "SCHED_FLAG_UTIL_CLAMP_MAX",
] as const;
export type SchedulerFlag = (typeof SCHEDULER_FLAGS)[number];

/** ioprio_set(2). */
export interface IoPriority {
  readonly class: IoPriorityClass;
  /** 0 (highest) to 7. */
  readonly priority: number;
}

export const IO_PRIORITY_CLASSES = [
  "IOPRIO_CLASS_RT",
  "IOPRIO_CLASS_BE",
  "IOPRIO_CLASS_IDLE",
] as const;
export type IoPriorityClass = (typeof IO_PRIORITY_CLASSES)[number];

/** Lists of CPUs ("0-3,7") for a process that `exec` starts; the container's init ignores them. */
export interface ExecCpuAffinity {
  /** Before the process enters the container's cgroup. */
  readonly initial?: string;
  /** After it did. */
  readonly final?: string;
}
