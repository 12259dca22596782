// The stage's executable, embedded in the program. A container must never be able to write to it
// (CVE-2019-5736), so it is a sealed memfd; where vm.memfd_noexec forbids executing those, a file on a
// tmpfs of its own that nothing else can reach and that is read-only before the first execution.

import { AT_EMPTY_PATH, O_CREAT, O_EXCL, O_PATH, O_WRONLY } from "../abi/file.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_RDONLY,
} from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf, hostArchitecture } from "../sys/entry.ts";
import { tryMakeExecutable } from "../sys/executable.ts";
import { OwnedFd, openAt, writeAll } from "../sys/file.ts";
import { cstring, setU64, words } from "../sys/memory.ts";
import { STAGE_AARCH64_BASE64, STAGE_X86_64_BASE64 } from "./gen/stage-binary.ts";

const SUBJECT = "the stage";
const FILE_NAME = "stage";
const MOUNT_ATTR_WORDS = 8;

export function stageBytes(): Uint8Array<ArrayBuffer> {
  const base64 = hostArchitecture.name === "aarch64" ? STAGE_AARCH64_BASE64 : STAGE_X86_64_BASE64;
  return Uint8Array.fromBase64(base64);
}

/** A descriptor that execveat can run. */
export function stageExecutable(): OwnedFd {
  const content = stageBytes();
  const fd = tryMakeExecutable("ocicat-stage", content);
  if (fd === -Errno.EACCES) {
    return protectedCopy(content);
  }
  return new OwnedFd(checked(fd, "make", "an executable memfd for the stage"));
}

/** The file on a mount that belongs to no namespace: only this descriptor leads to it. */
export function protectedCopy(content: Uint8Array): OwnedFd {
  using mount = new OwnedFd(privateTmpfs());
  {
    const flags = O_WRONLY | O_CREAT | O_EXCL;
    using file = new OwnedFd(openAt(mount.number, FILE_NAME, flags, 0o555));
    writeAll(file.number, content, SUBJECT);
  }
  const attributes = words(MOUNT_ATTR_WORDS);
  setU64(attributes, 0, MOUNT_ATTR_RDONLY);
  const args = [mount.number, cstring(""), AT_EMPTY_PATH, addressOf(attributes), 32] as const;
  checked(call("mount_setattr", ...args), "protect", SUBJECT);
  return new OwnedFd(openAt(mount.number, FILE_NAME, O_PATH));
}

function privateTmpfs(): number {
  const fs = call("fsopen", cstring("tmpfs"), FSOPEN_CLOEXEC);
  if (fs === -Errno.EPERM) {
    throw new OcicatError("permission-denied", {
      operation: "make",
      subject: "an executable for the stage",
      reason: "vm.memfd_noexec forbids executable memory files, and only root can do without",
      hint: "set the sysctl vm.memfd_noexec to 1 or 0",
    });
  }
  using context = new OwnedFd(checked(fs, "make", "a tmpfs for the stage"));
  const create = call("fsconfig", context.number, FSCONFIG_CMD_CREATE, 0, 0, 0);
  checked(create, "make", "a tmpfs for the stage");
  return checked(call("fsmount", context.number, FSMOUNT_CLOEXEC, 0), "mount", "a tmpfs");
}
