// One mount on its way: what the files that make mounts share.

import { O_CLOEXEC, O_PATH } from "../abi/file.ts";
import { MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH } from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import type { Register, Words } from "../program/program.ts";
import type { PlanContext } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import type { MountOptions } from "./mount-options.ts";

export interface MountStep {
  readonly context: PlanContext;
  readonly root: Register;
  readonly mount: Mount;
  readonly index: number;
  readonly options: MountOptions;
}

/** `mount "tmpfs" on "/dev"` */
export function describeMount(mount: Mount): Words {
  return () =>
    `mount ${quote(mount.source ?? mount.type ?? "none")} on ${quote(mount.destination)}`;
}

/** Attaches the detached mount `tree` at `target`, and closes both. */
export function moveMount(
  program: ProgramBuilder,
  tree: Register,
  target: Register,
  describes: Words,
): void {
  attachMount(program, tree, target, describes);
  program.close(target);
  program.close(tree);
}

export function attachMount(
  program: ProgramBuilder,
  tree: Register,
  target: Register,
  describes: Words,
): void {
  program.call("move_mount", moveArguments(program, tree, target), { describes });
}

/**
 * As attachMount, for what may be a file or a folder. move_mount says "invalid argument" when one of
 * the two is a folder and the other is not; mount(2) says "not a directory", which Docker looks for.
 */
export function attachFileOrDirectory(
  program: ProgramBuilder,
  tree: Register,
  target: Register,
  describes: Words,
): void {
  const mismatch = program.label();
  const attached = program.label();
  const caught = { errnos: [Errno.EINVAL], target: mismatch };
  program.call("move_mount", moveArguments(program, tree, target), { describes, caught });
  program.jump(attached);
  program.place(mismatch);
  for (const side of [target, tree]) {
    const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
    program.call("openat", [side, program.text("."), openFlags], { describes });
  }
  attachMount(program, tree, target, describes);
  program.place(attached);
}

function moveArguments(program: ProgramBuilder, tree: Register, target: Register) {
  const empty = program.text("");
  const moveFlags = named(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH, "F_EMPTY|T_EMPTY");
  return [tree, empty, target, empty, moveFlags];
}
