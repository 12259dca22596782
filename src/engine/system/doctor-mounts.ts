// Whether what images and volumes need can be mounted, on the file system that the store is on.

import { AT_FDCWD } from "../../abi/file.ts";
import { OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from "../../abi/mount.ts";
import type { StorageFormatChoice } from "../../config/schema.ts";
import { Errno } from "../../error/errno.ts";
import { type Check, note, ok, problem } from "../../host/doctor-check.ts";
import { chosenFormat } from "../../image/layers/format-choice.ts";
import { mappedUserNamespace } from "../../plan/id-mapped-mounts.ts";
import { setIdMap } from "../../plan/mount-attributes.ts";
import { mountOverlay } from "../../plan/overlay.ts";
import { call } from "../../sys/call.ts";
import { takesLayersOneByOne } from "../../sys/kernel-version.ts";
import { inScratchFolder, makeFolder } from "./scratch-folder.ts";
import { attempt, enterMountNamespace } from "./trial.ts";

/** `folder` exists, and is on the store's file system; `wanted` is the setting storage.format. */
export function checkMounts(folder: string, wanted: StorageFormatChoice): Check[] {
  const isRoot = call("geteuid") === 0;
  const overlay = inScratchFolder(folder, (scratch) => checkOverlay(scratch, isRoot));
  return isRoot
    ? [overlay, inScratchFolder(folder, checkIdMapped), checkFormat(folder, wanted)]
    : [overlay, checkFormat(folder, wanted)];
}

function checkOverlay(scratch: string, isRoot: boolean): Check {
  const name = "overlayfs";
  const overlay = {
    kind: "overlay",
    lower: [makeFolder(`${scratch}/lower`)],
    upper: makeFolder(`${scratch}/upper`),
    work: makeFolder(`${scratch}/work`),
    userXattr: !isRoot,
    takesAllAtOnce: !takesLayersOneByOne(),
    mountPoint: makeFolder(`${scratch}/root`),
  } as const;
  const failure = attempt((program) => {
    enterMountNamespace(program);
    mountOverlay(program, overlay);
  });
  if (failure === undefined) {
    return ok(name, `can be mounted on the store's file system${isRoot ? "" : " by a user"}`);
  }
  return problem(name, `it cannot be mounted (${failure.text})`, overlayFix(failure.errno, isRoot));
}

function overlayFix(errno: number, isRoot: boolean): string {
  if (errno === Errno.ENODEV) {
    return "load the module: modprobe overlay";
  }
  return isRoot
    ? "put the store (store.root) on ext4, xfs or btrfs: no overlay lies on an overlay, or on most network file systems"
    : "use Linux 5.11 or newer, and put the store (store.root) on ext4, xfs or btrfs";
}

const FIRST_LENT = 100_000;

function checkIdMapped(scratch: string): Check {
  const name = "id-mapped mounts";
  const map = [{ containerID: 0, hostID: FIRST_LENT, size: 65_536 }];
  const root = { privileged: true, uid: 0, gid: 0, capabilities: new Set<number>() };
  const facts = { ...root, idMapPrograms: undefined };
  const failure = attempt((program) => {
    enterMountNamespace(program);
    const namespace = mappedUserNamespace(program, { uid: map, gid: map }, facts);
    const openFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
    const args = [AT_FDCWD, program.text(scratch), openFlags];
    const tree = program.call("open_tree", args, { result: "tree" });
    setIdMap(program, tree, namespace, false);
  });
  return failure === undefined
    ? ok(name, "work on the store's file system")
    : note(
        name,
        `they do not work (${failure.text}): files of volumes have the owners they have on the host`,
        "use Linux 5.12 or newer, and a file system that has them: ext4, xfs, btrfs, tmpfs (6.3)",
      );
}

function checkFormat(folder: string, wanted: StorageFormatChoice): Check {
  const name = "layers of images";
  const { format, reason } = chosenFormat(folder);
  if (wanted === "directory") {
    return ok(name, "unpacked directories: storage.format says so");
  }
  if (format === "erofs") {
    return ok(name, `EROFS files: ${reason}`);
  }
  return wanted === "erofs"
    ? problem(name, `storage.format is erofs: ${reason}`, "set storage.format to auto")
    : note(name, `unpacked directories: ${reason}`);
}
