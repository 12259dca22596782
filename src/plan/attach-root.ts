// The last step of every way to get a root file system: its mount, so far nowhere, takes its place.

import { MOVE_MOUNT_F_EMPTY_PATH } from "../abi/mount.ts";
import { named, type ProgramBuilder } from "../program/builder.ts";
import type { Register, Words } from "../program/program.ts";
import { CURRENT_DIRECTORY } from "./context.ts";

export function attachRoot(
  program: ProgramBuilder,
  root: Register,
  path: string,
  describes: Words,
): void {
  const moveFlags = named(MOVE_MOUNT_F_EMPTY_PATH, "F_EMPTY");
  const args = [root, program.text(""), CURRENT_DIRECTORY, program.text(path), moveFlags];
  program.call("move_mount", args, { describes });
}
