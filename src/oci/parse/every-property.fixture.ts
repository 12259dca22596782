// For tests: a valid config.json with every property that the model has. The type demands it, in
// the first entry of each list, so that a new property cannot be forgotten here.

import type { Process } from "../process.ts";
import type { Resources } from "../resources.ts";
import type { SeccompProfile } from "../seccomp.ts";
import type { Spec } from "../spec.ts";

type Complete<T> = T extends string | number | boolean | bigint
  ? T
  : T extends readonly (infer Entry)[]
    ? readonly [Complete<Entry>, ...Entry[]]
    : { readonly [Key in keyof T]-?: Complete<Exclude<T[Key], undefined>> };

const ID_MAPPINGS = [{ containerID: 0, hostID: 100_000, size: 65_536 }] as const;

const HOOK = {
  path: "/usr/bin/hook",
  args: ["hook", "--verbose"],
  env: ["PATH=/usr/bin", "EMPTY="],
  timeout: 10,
} as const;

const CAPABILITIES = ["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"] as const;

const PROCESS: Complete<Process> = {
  terminal: true,
  consoleSize: { height: 25, width: 80 },
  user: { uid: 1, gid: 1, umask: 0o22, additionalGids: [5, 4_294_967_295] },
  args: ["sh", "-c", ""],
  env: ["PATH=/usr/bin:/bin", "TERM=xterm"],
  cwd: "/root",
  capabilities: {
    bounding: CAPABILITIES,
    effective: CAPABILITIES,
    inheritable: CAPABILITIES,
    permitted: CAPABILITIES,
    ambient: CAPABILITIES,
  },
  rlimits: [
    { type: "RLIMIT_NOFILE", hard: 4096, soft: 1024 },
    { type: "RLIMIT_CORE", hard: 18446744073709551615n, soft: 0 },
  ],
  noNewPrivileges: true,
  apparmorProfile: "acme_secure_profile",
  selinuxLabel: "system_u:system_r:svirt_lxc_net_t:s0:c124,c675",
  oomScoreAdj: -100,
  scheduler: {
    policy: "SCHED_DEADLINE",
    nice: 0,
    priority: 0,
    flags: ["SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_DL_OVERRUN"],
    runtime: 5_000_000,
    deadline: 10_000_000,
    period: 20_000_000,
  },
  ioPriority: { class: "IOPRIO_CLASS_IDLE", priority: 4 },
  execCPUAffinity: { initial: "7", final: "0-3,7" },
};

const RESOURCES: Complete<Resources> = {
  devices: [
    { allow: true, type: "c", major: 10, minor: 229, access: "rw" },
    { allow: false, access: "rwm" },
  ],
  memory: {
    limit: 536_870_912,
    reservation: 268_435_456,
    swap: 1_073_741_824,
    kernel: -1,
    kernelTCP: -1,
    swappiness: 60,
    disableOOMKiller: false,
    useHierarchy: false,
    checkBeforeUpdate: true,
  },
  cpu: {
    shares: 1024,
    quota: 1_000_000,
    burst: 1_000_000,
    period: 500_000,
    realtimeRuntime: 950_000,
    realtimePeriod: 1_000_000,
    cpus: "2-3",
    mems: "0-7",
    idle: 0,
  },
  pids: { limit: 32_771 },
  blockIO: {
    weight: 10,
    leafWeight: 10,
    weightDevice: [
      { major: 8, minor: 0, weight: 500, leafWeight: 300 },
      { major: 8, minor: 16, weight: 500 },
    ],
    throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 600 }],
    throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 600 }],
    throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 300 }],
    throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 300 }],
  },
  hugepageLimits: [{ pageSize: "2MB", limit: 209_715_200 }],
  network: { classID: 1_048_577, priorities: [{ name: "eth0", priority: 500 }] },
  rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10_000 } },
  unified: { "io.max": "259:0 rbps=2097152 wiops=120\n253:0 rbps=2097152", "hugetlb.1GB.max": "0" },
};

const SECCOMP: Complete<SeccompProfile> = {
  defaultAction: "SCMP_ACT_ERRNO",
  defaultErrnoRet: 38,
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  flags: ["SECCOMP_FILTER_FLAG_LOG"],
  listenerPath: "/run/seccomp-agent.sock",
  listenerMetadata: "MKNOD=/dev/null",
  syscalls: [
    {
      names: ["personality", "no_such_call"],
      action: "SCMP_ACT_ERRNO",
      errnoRet: 1,
      args: [
        { index: 0, value: 18446744073709551615n, valueTwo: 8, op: "SCMP_CMP_MASKED_EQ" },
        { index: 5, value: 9_007_199_254_740_993n, op: "SCMP_CMP_EQ" },
      ],
    },
    { names: ["mknod"], action: "SCMP_ACT_NOTIFY" },
  ],
};

export const EVERY_PROPERTY: Complete<Spec> = {
  ociVersion: "1.3.0",
  process: PROCESS,
  root: { path: "rootfs", readonly: true },
  hostname: "slartibartfast",
  domainname: "foobarbaz.test",
  mounts: [
    {
      destination: "/data",
      type: "none",
      source: "/volumes/testing",
      options: ["rbind", "ro", "idmap"],
      uidMappings: ID_MAPPINGS,
      gidMappings: ID_MAPPINGS,
    },
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/tmp", type: "tmpfs", options: ["nosuid", "mode=1777", "tmpcopyup"] },
  ],
  hooks: {
    prestart: [HOOK],
    createRuntime: [HOOK],
    createContainer: [HOOK],
    startContainer: [HOOK],
    poststart: [HOOK],
    poststop: [HOOK, { path: "/bin/true" }],
  },
  annotations: { "com.example.key1": "value1", "com.example.empty": "" },
  linux: {
    uidMappings: ID_MAPPINGS,
    gidMappings: ID_MAPPINGS,
    sysctl: { "net.ipv4.ip_forward": "1", "kernel.shmmax": "68719476736" },
    resources: RESOURCES,
    cgroupsPath: "/myRuntime/myContainer",
    namespaces: [
      { type: "network", path: "/var/run/netns/neta" },
      { type: "pid" },
      { type: "mount" },
      { type: "ipc" },
      { type: "uts" },
      { type: "user" },
      { type: "cgroup" },
      { type: "time" },
    ],
    devices: [
      { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o666, uid: 0, gid: 0 },
      { path: "/dev/initctl", type: "p" },
    ],
    netDevices: { "eth1.100": { name: "container_eth1" } },
    seccomp: SECCOMP,
    rootfsPropagation: "slave",
    maskedPaths: ["/proc/kcore"],
    readonlyPaths: ["/proc/sys"],
    mountLabel: "system_u:object_r:svirt_sandbox_file_t:s0:c715,c811",
    intelRdt: {
      closID: "guaranteed_group",
      schemata: ["L3:0=7f0;1=1f", "MB:0=20;1=70"],
      l3CacheSchema: "L3:0=7f0;1=1f",
      memBwSchema: "MB:0=20;1=70",
      enableMonitoring: true,
    },
    memoryPolicy: { mode: "MPOL_INTERLEAVE", nodes: "2-3", flags: ["MPOL_F_STATIC_NODES"] },
    personality: { domain: "LINUX32", flags: ["a_flag_to_come"] },
    timeOffsets: {
      monotonic: { secs: 172_800, nanosecs: 999_999_999 },
      boottime: { secs: -604_800, nanosecs: 0 },
    },
  },
  vm: {
    hypervisor: { path: "/path/to/vmm", parameters: ["opts1=foo"] },
    kernel: { path: "/path/to/vmlinuz", parameters: ["foo=bar"], initrd: "/path/to/initrd.img" },
    image: { path: "/path/to/vm/rootfs.img", format: "raw" },
  },
};
