// One mount on its way: what the files that make mounts share.

import { MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH } from "../abi/mount.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { named, type ProgramBuilder } from "../program/builder.ts";
import type { Register, Words } from "../program/program.ts";
import type { PlanContext } from "./context.ts";
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
  const empty = program.text("");
  const moveFlags = named(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH, "F_EMPTY|T_EMPTY");
  program.call("move_mount", [tree, empty, target, empty, moveFlags], { describes });
}
