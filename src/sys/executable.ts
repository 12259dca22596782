// A sealed copy of a program in memory: what the host executes near a container must never be a file
// that the container could write to (CVE-2019-5736).

import {
  F_ADD_SEALS,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
} from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { call, checked } from "./call.ts";
import { OwnedFd, writeAll } from "./file.ts";
import { cstring } from "./memory.ts";

const ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/** A sealed memfd with `content`; not executable where the kernel distinguishes. */
export function sealedData(name: string, content: Uint8Array): number {
  return sealedMemfd(name, content, 0);
}

/**
 * A sealed memfd whose content can be executed, or -errno: EACCES where vm.memfd_noexec forbids
 * it. Kernels before 6.3 do not know MFD_EXEC; there every memfd is executable.
 */
export function tryMakeExecutable(name: string, content: Uint8Array): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC;
  const fd = call("memfd_create", cstring(name), flags);
  if (fd === -Errno.EINVAL) {
    return sealedMemfd(name, content, 0);
  }
  return fd < 0 ? fd : fill(fd, name, content);
}

function sealedMemfd(name: string, content: Uint8Array, extraFlags: number): number {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING | extraFlags;
  return fill(
    checked(call("memfd_create", cstring(name), flags), "make", "a memfd"),
    name,
    content,
  );
}

function fill(fd: number, name: string, content: Uint8Array): number {
  using file = new OwnedFd(fd);
  writeAll(fd, content, name);
  checked(call("fcntl", fd, F_ADD_SEALS, ALL_SEALS), "seal", name);
  return file.release();
}
