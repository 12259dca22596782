// The stage's executable, embedded in the program: a sealed memfd, or where vm.memfd_noexec forbids
// those, a read-only bind of a private copy.

import { checked } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { tryMakeExecutable } from "../sys/executable.ts";
import { OwnedFd } from "../sys/file.ts";
import { STAGE_AARCH64_BASE64, STAGE_X86_64_BASE64 } from "./gen/stage-binary.ts";

export function stageBytes(): Uint8Array<ArrayBuffer> {
  const base64 = hostArchitecture.name === "aarch64" ? STAGE_AARCH64_BASE64 : STAGE_X86_64_BASE64;
  return Uint8Array.fromBase64(base64);
}

/** A descriptor that execveat can run. */
export function stageExecutable(): OwnedFd {
  const fd = tryMakeExecutable("ocicat-stage", stageBytes());
  return new OwnedFd(checked(fd, "make", "an executable memfd for the stage"));
}
