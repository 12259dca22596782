// What `ocicat doctor` says about the store, the settings and the clock.

import { AT_FDCWD, O_PATH, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type Check, note, ok, problem } from "../../host/doctor-check.ts";
import { call } from "../../sys/call.ts";
import { OwnedFd, open, stat } from "../../sys/file.ts";
import { tryFileSystemType } from "../../sys/file-system-type.ts";
import { availableBytes } from "../../sys/free-space.ts";
import { cstring } from "../../sys/memory.ts";
import { existingFolder } from "./scratch-folder.ts";

const NAME = "store";
const W_OK = 2;
const X_OK = 1;
const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
/** An image does not fit. */
const LITTLE_SPACE = 2 * GIB;
/** A container's own files do not fit. */
const NO_SPACE = 32 * MIB;

export function checkStore(root: string): Check {
  const folder = existingFolder(root);
  if (call("faccessat2", AT_FDCWD, cstring(folder), W_OK | X_OK, 0) !== 0) {
    const fix =
      "make it writable for the user who runs ocicat, or name another one: store.root, --store";
    return problem(NAME, `nothing can be written to ${quote(folder)}`, fix);
  }
  const kind = FILE_SYSTEMS[tryFileSystemType(folder)];
  const absent = stat(root) === undefined ? ", not there yet" : "";
  using directory = new OwnedFd(open(folder, O_PATH));
  const free = availableBytes(directory.number, quote(folder));
  const found = `${root}${absent}${kind === undefined ? "" : `, on ${kind}`}`;
  return judgeSpace(found, free);
}

/** By f_type of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  [OVERLAYFS_SUPER_MAGIC]: "overlayfs, where images are unpacked as whole directories",
  [TMPFS_MAGIC]: "tmpfs, which the next boot empties",
  61267: "ext4",
  26985: "NFS, which overlays cannot write to",
  1481003842: "xfs",
  2435016766: "btrfs",
  801189825: "zfs",
  4076150800: "f2fs",
  1702057286: "FUSE",
};

export function judgeSpace(found: string, free: number): Check {
  const text = `${found}; ${free >= GIB ? `${Math.floor(free / GIB)} GiB` : `${Math.floor(free / MIB)} MiB`} free`;
  const fix = "make room (ocicat system prune), or name a folder on another disk: store.root";
  if (free < NO_SPACE) {
    return problem(NAME, text, fix);
  }
  return free < LITTLE_SPACE ? note(NAME, text, fix) : ok(NAME, text);
}

/** A program is not younger than now; certificates of registries are not valid yet then either. */
export function checkClock(nowMs: number, programMs: number): Check {
  const name = "clock";
  const shown = new Date(nowMs).toISOString().slice(0, 16);
  return nowMs + DAY_MS >= programMs
    ? ok(name, shown)
    : note(
        name,
        `it says ${shown}, before this program was made: registries' certificates are refused`,
        "set it: timedatectl set-ntp true",
      );
}

const DAY_MS = 86_400_000;

/** The error that stopped a check, as its outcome. */
export function failedCheck(name: string, error: unknown): Check {
  if (!(error instanceof OcicatError)) {
    throw error;
  }
  return problem(name, error.message, error.hint);
}
