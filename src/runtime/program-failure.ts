// From {op index, errno} to a sentence: the program says what each op was for.

import { Errno, errnoText } from "../error/errno.ts";
import { OcicatError, quote, systemError } from "../error/ocicat-error.ts";
import { type Program, type Provenance, provenanceOf } from "../program/program.ts";
import type { StageReport } from "../stage/launch.ts";

/**
 * `mounts[3]: mount "tmpfs" on "/dev": operation not permitted (EPERM)`. A program that was not found
 * is told in the words that docker, podman and containerd look for.
 */
export function programFailure(
  report: StageReport,
  provenance: Provenance | undefined,
): OcicatError {
  const { value: errno } = report;
  if (provenance === undefined) {
    return systemError(errno, "execute", `op ${report.op} of the container's program`);
  }
  const { reason, call, describes } = provenance;
  const lookup = describes?.startsWith("find the program ") === true;
  if (lookup) {
    return lookupFailure(describes.slice("find the program ".length), errno);
  }
  if (describes?.startsWith("run the hook") === true && errno === Errno.ECANCELED) {
    return new OcicatError("unavailable", {
      operation: reason,
      subject: describes,
      reason: "it did not exit with 0",
    });
  }
  if (reason === "process.apparmorProfile" && errno === Errno.ENOENT) {
    return new OcicatError("not-found", {
      operation: `${reason}:`,
      subject: describes ?? call,
      reason: "no profile of this name is loaded",
      hint: "`apparmor_parser --replace FILE` loads one, `aa-status` lists those that are loaded",
    });
  }
  return systemError(errno, `${reason}:`, describes ?? call);
}

/** `quotedName`: of a program that could not be executed, or is nowhere. */
export function lookupFailure(quotedName: string, errno: number): OcicatError {
  const isMissing = errno === Errno.ENOENT && !quotedName.includes("/");
  return new OcicatError(errno === Errno.ENOENT ? "not-found" : "permission-denied", {
    operation: "exec:",
    subject: quotedName,
    reason: isMissing ? "executable file not found in $PATH" : errnoText(errno),
    errno,
  });
}

/** The error of a report, where the program is at hand. */
export function failureOf(program: Program, report: StageReport): OcicatError {
  const operation = program.operations[report.op];
  return programFailure(report, operation === undefined ? undefined : provenanceOf(operation));
}

/** A stage that went away without a word: it was killed, or the container's init was. */
export function silentFailure(id: string): OcicatError {
  return new OcicatError("system", {
    operation: "start",
    subject: `container ${quote(id)}`,
    reason: "its init ended before it was ready",
    hint: "the kernel's log (dmesg) tells whether it ran out of memory",
  });
}
