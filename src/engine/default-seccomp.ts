// The system calls that a container may make when nothing else is asked for: those that the peers' default
// profile allows. It is written the other way round, as what is denied and why. A capability that a
// container is given brings the calls back that it is there for. Calls that are newer than the table of
// names answer ENOSYS (src/plan/seccomp).

import { SYSCALL_NAMES } from "../abi/syscall-tables/names.ts";
import { Errno } from "../error/errno.ts";
import type { SeccompArchitecture, SeccompProfile, SeccompSyscall } from "../oci/seccomp.ts";

/** Denied without the capability. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_BPF: "bpf",
  CAP_DAC_READ_SEARCH: "open_by_handle_at",
  CAP_PERFMON: "perf_event_open",
  CAP_SYS_ADMIN:
    "bpf clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare",
  CAP_SYS_BOOT: "reboot",
  CAP_SYS_CHROOT: "chroot",
  CAP_SYS_MODULE: "delete_module finit_module init_module",
  CAP_SYS_NICE: "get_mempolicy mbind set_mempolicy set_mempolicy_home_node",
  CAP_SYS_PACCT: "acct",
  CAP_SYS_PTRACE: "kcmp pidfd_getfd process_madvise",
  CAP_SYS_RAWIO: "ioperm iopl",
  CAP_SYS_TIME: "clock_settime clock_settime64 settimeofday stime",
  CAP_SYS_TTY_CONFIG: "vhangup",
  CAP_SYSLOG: "syslog",
};

const ALWAYS_DENIED: readonly string[] = [
  // Keys belong to no namespace: a container would see other containers'.
  "add_key keyctl request_key",
  // Whole subsystems that have been ways out of containers again and again.
  "io_uring_enter io_uring_register io_uring_setup userfaultfd",
  // For whoever runs the machine: other kernels, swap, the root of all.
  "kexec_file_load kexec_load nfsservctl pivot_root swapoff swapon",
  // Memory of other processes and its places.
  "migrate_pages move_pages",
  // New, and of no use to a container so far.
  "file_getattr file_setattr listns lsm_get_self_attr lsm_list_modules lsm_set_self_attr open_tree_attr rseq_slice_yield uprobe",
  // Tell about the host, or exist no more.
  "_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock mpx nice oldfstat oldlstat oldolduname oldstat olduname pciconfig_iobase pciconfig_read pciconfig_write prof profil putpmsg query_module readdir security sgetmask sigaction signal sigpending sigsuspend ssetmask stty sysfs tuxcall ulimit uselib ustat vm86 vm86old vserver",
];

/** Of one processor family, where programs do not work without them. */
const BY_ARCHITECTURE: Readonly<Record<ProcessorName, string>> = {
  x86_64: "",
  aarch64:
    "arm_fadvise64_64 arm_sync_file_range breakpoint cacheflush get_tls set_tls sync_file_range2 usr26 usr32",
};

const OTHER_ARCHITECTURE: Readonly<Record<ProcessorName, string>> = {
  x86_64: BY_ARCHITECTURE.aarch64,
  aarch64: "arch_prctl modify_ldt",
};

/** Only some of their arguments are allowed. */
const CONDITIONAL = "clone personality socket";

export type ProcessorName = "x86_64" | "aarch64";

const ARCHITECTURES: Readonly<Record<ProcessorName, readonly SeccompArchitecture[]>> = {
  x86_64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  aarch64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
};

/** The CLONE_NEW* flags: NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NAMESPACE_FLAGS = 0x7e02_0000;

/** Below 3: UNIX, INET and none. Left out are those for host interfaces (VSOCK, ALG) and dead ones. */
const FAMILIES_BELOW = 3;
const FAMILIES = [
  7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39, 41,
  42, 43, 44, 45,
];

/** PER_LINUX, PER_LINUX32, both with UNAME26, and the question what it is. */
const PERSONALITIES = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];

export function defaultSeccomp(
  capabilities: readonly string[],
  processor: ProcessorName,
): SeccompProfile {
  const given = new Set(capabilities);
  const denied = new Set(
    [...ALWAYS_DENIED, CONDITIONAL, OTHER_ARCHITECTURE[processor]].flatMap(words),
  );
  const back = new Set<string>();
  for (const [capability, names] of Object.entries(BY_CAPABILITY)) {
    for (const name of words(names)) {
      (given.has(capability) ? back : denied).add(name);
    }
  }
  const names = words(SYSCALL_NAMES).filter((name) => !denied.has(name) || back.has(name));
  const isAdmin = given.has("CAP_SYS_ADMIN");
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: Errno.EPERM,
    architectures: ARCHITECTURES[processor],
    syscalls: [
      { names: isAdmin ? [...names, "clone"] : names, action: "SCMP_ACT_ALLOW" },
      ...(isAdmin ? [] : withoutNamespaces()),
      ...sockets(),
      ...PERSONALITIES.map((value) => allowed("personality", { value, op: "SCMP_CMP_EQ" })),
    ],
  };
}

/** clone3's flags are in memory, where no filter can look: programs fall back to clone for ENOSYS. */
function withoutNamespaces(): SeccompSyscall[] {
  return [
    allowed("clone", { value: NAMESPACE_FLAGS, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }),
    { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: Errno.ENOSYS },
  ];
}

function sockets(): SeccompSyscall[] {
  return [
    allowed("socket", { value: FAMILIES_BELOW, op: "SCMP_CMP_LT" }),
    ...FAMILIES.map((value) => allowed("socket", { value, op: "SCMP_CMP_EQ" })),
  ];
}

type Condition = Omit<NonNullable<SeccompSyscall["args"]>[number], "index">;

function allowed(name: string, condition: Condition): SeccompSyscall {
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [{ index: 0, ...condition }] };
}

function words(text: string): string[] {
  return text === "" ? [] : text.split(" ");
}
