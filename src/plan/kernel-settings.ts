// What a container has of the kernel's own: host name, domain name, sysctls, loopback interface.

import {
  O_CLOEXEC,
  O_PATH,
  O_WRONLY,
  OPEN_HOW_BYTES,
  PROC_SUPER_MAGIC,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_XDEV,
} from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import { sysctlPath } from "../oci/sysctl.ts";
import { flags, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { CURRENT_DIRECTORY, openHow, type PlanContext, writeText } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";

const STATFS_BYTES = 120;

export function setHostNames({ program, request }: PlanContext): void {
  const { hostname, domainname } = request.spec;
  if (hostname !== undefined) {
    program.because("hostname");
    const name = program.text(hostname);
    program.call("sethostname", [name, name.size - 1], { describes: "set the host name" });
  }
  if (domainname !== undefined) {
    program.because("domainname");
    const name = program.text(domainname);
    program.call("setdomainname", [name, name.size - 1], { describes: "set the domain name" });
  }
}

/**
 * The host's procfs, checked to be that. The runtime's own writes go through this descriptor, opened
 * before anything of the container is mounted, and never through the container's /proc, which the
 * image or another container may have redirected (CVE-2019-16884, CVE-2025-52881).
 */
export function openVerifiedProc(program: ProgramBuilder): Register {
  const describes = "open the host's procfs";
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  const proc = program.call("openat", [CURRENT_DIRECTORY, program.text("/proc"), openFlags], {
    result: "proc",
    describes,
  });
  const status = program.space(STATFS_BYTES, "status");
  program.call("fstatfs", [proc, status], { describes });
  const type = program.control("load", [offsetOf(status), 8], { result: "type" });
  program.control("expect", [type, -1, PROC_SUPER_MAGIC, Errno.EOPNOTSUPP], { describes });
  program.forget(type);
  return proc;
}

/** Writes a file below the verified procfs: no magic link and no mount on the way. */
export function writeProc(
  program: ProgramBuilder,
  proc: Register,
  path: string,
  text: string,
): void {
  const describes = describeWrite(path, text);
  const file = openProcFile({ program, proc, path, describes });
  writeText(program, file, text, describes);
  program.close(file);
}

/** The same where the kernel may say no, and the value then stays as it is. */
export function writeProcIfAllowed(
  program: ProgramBuilder,
  proc: Register,
  path: string,
  text: string,
): void {
  const describes = describeWrite(path, text);
  const file = openProcFile({ program, proc, path, describes });
  const content = program.text(text);
  program.call("write", [file, content, content.size - 1], {
    describes,
    caught: { errnos: [Errno.EACCES, Errno.EPERM] },
  });
  program.close(file);
}

function describeWrite(path: string, text: string): string {
  return `write ${quote(text)} to ${quote(`/proc/${path}`)}`;
}

interface ProcFile {
  readonly program: ProgramBuilder;
  readonly proc: Register;
  readonly path: string;
  readonly describes: string;
}

function openProcFile({ program, proc, path, describes }: ProcFile): Register {
  const how = openHow(program, {
    flags: O_WRONLY | O_CLOEXEC,
    resolve: RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
  });
  const args = [proc, program.text(path), how, OPEN_HOW_BYTES];
  return program.call("openat2", args, { result: "file", describes });
}

export function writeSysctls({ program, request }: PlanContext, proc: Register): void {
  for (const [name, value] of Object.entries(request.spec.linux?.sysctl ?? {})) {
    program.because(`linux.sysctl.${name}`);
    writeProc(program, proc, `sys/${sysctlPath(name) ?? name}`, value);
  }
}
