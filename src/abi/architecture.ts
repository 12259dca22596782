// What differs between processor architectures: system call numbers and a few flag values. One file per
// architecture fills this shape.

import { aarch64 } from "./aarch64.ts";
import { x86_64 } from "./x86-64.ts";

export type ArchitectureName = "x86_64" | "aarch64";

/** The name of a system call that ocicat itself makes. */
export type SyscallName = keyof typeof x86_64.syscalls;

export interface Architecture {
  /** As uname(2) spells it in `machine`. */
  readonly name: ArchitectureName;
  /** AUDIT_ARCH_*, as seccomp filters see it. */
  readonly auditArch: number;
  readonly syscalls: Readonly<Record<SyscallName, number>>;
  readonly openFlags: {
    readonly O_DIRECTORY: number;
    readonly O_NOFOLLOW: number;
    readonly O_TMPFILE: number;
  };
}

const ARCHITECTURES: Readonly<Record<ArchitectureName, Architecture>> = { x86_64, aarch64 };

export function architectureNamed(name: ArchitectureName): Architecture {
  return ARCHITECTURES[name];
}
