// What may be mounted on /proc and below. A container's procfs is what its labels, its masked paths and
// every tool inside rely on: a volume there would be believed in its place (CVE-2019-16884,
// CVE-2019-19921, CVE-2025-52881).
//
// The configuration's own words are checked by the compiler. Where a link of the image leads is seen only
// when the path is resolved: there the program checks what the target is.

import { AT_EMPTY_PATH, PROC_SUPER_MAGIC } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { isBindMount } from "../oci/mount-options.ts";
import { pathComponents } from "../oci/path-components.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register, Words } from "../program/program.ts";

/** Files that lxcfs, CRIU and hosts in FIPS mode show in place of the kernel's own: runc's list. */
const REPLACEABLE: ReadonlySet<string> = new Set([
  "proc/cpuinfo",
  "proc/diskstats",
  "proc/loadavg",
  "proc/meminfo",
  "proc/slabinfo",
  "proc/stat",
  "proc/swaps",
  "proc/uptime",
  "proc/sys/crypto/fips_enabled",
  "proc/sys/kernel/ns_last_pid",
]);

/** File systems that begin empty, or with the kernel's files alone: nobody has put links there. */
const FRESH_TYPES: ReadonlySet<string> = new Set(["tmpfs", "devpts", "mqueue", "sysfs", "proc"]);

const STATFS_BYTES = 120;
const STATX_BYTES = 256;
const STATX_INO = 0x100;
const STATX_INO_OFFSET = 32;
const PROC_ROOT_INO = 1;

/** Throws for a mount that its destination's own words put on /proc or below. */
export function checkProcDestination(mount: Mount, index: number): void {
  const components = pathComponents(mount.destination);
  const path = components.join("/");
  if (components[0] !== "proc" || REPLACEABLE.has(path)) {
    return;
  }
  const isProc = mount.type === "proc" || isBindMount(mount);
  if (components.length > 1 || !isProc) {
    throw new OcicatError("invalid-config", {
      operation: `mounts[${index}].destination:`,
      subject: `mount on ${quote(mount.destination)}`,
      reason:
        components.length > 1 ? "it is inside of /proc" : "only a procfs can be mounted on /proc",
    });
  }
}

/** Whether a bind mount goes to /proc itself: then what it binds has to be a procfs. */
export function isBoundOnProc(mount: Mount): boolean {
  return pathComponents(mount.destination).join("/") === "proc" && isBindMount(mount);
}

/** Whether links of the image have a say in where a mount goes. */
export function mayLeadIntoProc(mounts: readonly Mount[], index: number): boolean {
  const destination = pathComponents(mounts[index]?.destination ?? "");
  const path = destination.join("/");
  if (REPLACEABLE.has(path) || path === "proc") {
    return false;
  }
  let deepest: Mount | undefined;
  let depth = 0;
  for (const mount of mounts.slice(0, index)) {
    const above = pathComponents(mount.destination);
    const isAbove = above.every((name, position) => destination[position] === name);
    if (isAbove && above.length >= depth) {
      deepest = mount;
      depth = above.length;
    }
  }
  return deepest === undefined || !isFresh(deepest);
}

function isFresh(mount: Mount): boolean {
  const isCopied = mount.options?.includes("tmpcopyup") === true;
  return !isBindMount(mount) && !isCopied && FRESH_TYPES.has(mount.type ?? "");
}

/** The program fails when `target` is in a procfs. */
export function expectOutsideProc(
  program: ProgramBuilder,
  target: Register,
  { destination }: Mount,
): void {
  const describes = () => `mount on ${quote(destination)}, which leads into /proc`;
  const outside = program.label();
  const type = fileSystemType(program, target, describes);
  program.control("expect", [type, -1, named(PROC_SUPER_MAGIC, "PROC"), Errno.EAGAIN], {
    caught: { errnos: [Errno.EAGAIN], target: outside },
  });
  program.control("expect", [0, 1, 1, Errno.EPERM], { describes });
  program.place(outside);
  program.forget(type);
}

/** The program fails unless `tree` is the root of a procfs. */
export function expectProc(program: ProgramBuilder, tree: Register, describes: Words): void {
  const type = fileSystemType(program, tree, describes);
  const wanted = named(PROC_SUPER_MAGIC, "PROC");
  program.control("expect", [type, -1, wanted, Errno.EPERM], { describes });
  program.forget(type);
  const status = program.space(STATX_BYTES, "status");
  const atFlags = named(AT_EMPTY_PATH, "EMPTY_PATH");
  program.call("statx", [tree, program.text(""), atFlags, named(STATX_INO, "INO"), status]);
  const inode = program.control("load", [offsetOf(status, STATX_INO_OFFSET), 8], {
    result: "inode",
  });
  program.control("expect", [inode, -1, PROC_ROOT_INO, Errno.EPERM], { describes });
  program.forget(inode);
}

function fileSystemType(program: ProgramBuilder, fd: Register, describes: Words): Register {
  const status = program.space(STATFS_BYTES, "status");
  program.call("fstatfs", [fd, status], { describes });
  return program.control("load", [offsetOf(status), 8], { result: "type" });
}
