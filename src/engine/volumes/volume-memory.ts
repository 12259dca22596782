// Volumes in memory (volume-options.ts) that a container has. Each has its own for as long as it runs, so that no two
// containers that run may have the same volume: they would not see the same files.
//
//   STORE/volumes/NAME   locked (flock) by the holder of the container that has its memory

import { LOCK_EX, LOCK_NB, O_RDONLY } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, tryFlock } from "../../sys/file.ts";
import type { RunContainerOptions, RunVolume } from "../run-options.ts";
import { volumesFolder } from "./volume-store.ts";

export function isInMemory({ mounted }: RunVolume): boolean {
  return mounted?.type === "tmpfs";
}

export interface LockedMemory extends Disposable {
  /** For the holder to keep. */
  readonly lockFds: readonly number[];
}

/** Throws "wrong-state" where another container that runs has one of them. */
export function lockMemory(
  { volumes = [] }: Pick<RunContainerOptions, "volumes">,
  storeRoot: string,
): LockedMemory {
  using stack = new DisposableStack();
  const lockFds = volumes
    .filter(isInMemory)
    .map(({ name = "" }) => stack.use(lockVolume(storeRoot, name)).number);
  const held = stack.move();
  return { lockFds, [Symbol.dispose]: () => held.dispose() };
}

function lockVolume(storeRoot: string, name: string): OwnedFd {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  using folder = new OwnedFd(open(`${volumesFolder(storeRoot)}/${name}`, O_RDONLY | O_DIRECTORY));
  const result = tryFlock(folder.number, LOCK_EX | LOCK_NB);
  if (result === -Errno.EAGAIN) {
    throw new OcicatError("wrong-state", {
      operation: "mount",
      subject: `the volume ${quote(name)}`,
      reason: "it is in the memory of another container, which runs",
      hint: "containers of a pod share what is in /dev/shm",
    });
  }
  checked(result, "lock", `the volume ${quote(name)}`);
  return new OwnedFd(folder.release());
}
