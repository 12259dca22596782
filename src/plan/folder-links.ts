// Short names for the folders of an overlay: links in a file system that is mounted nowhere. fsconfig takes no
// value beyond 255 bytes, and kernels before 6.8 want all layers in one.

import { FSCONFIG_CMD_CREATE, FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC } from "../abi/mount.ts";
import { named, type ProgramBuilder } from "../program/builder.ts";
import type { Register, Words } from "../program/program.ts";

export const LONGEST_VALUE = 255;
export const UPPER_NAME = "upperdir";
export const WORK_NAME = "workdir";

/** Of layers; undefined: they are too many for one value. */
export function layerNames(count: number): readonly string[] | undefined {
  const names = Array.from({ length: count }, (_, index) => index.toString(36));
  return joinLayers(names).length > LONGEST_VALUE ? undefined : names;
}

export function joinLayers(names: readonly string[]): string {
  return names.join(":");
}

/** Where the links are made. */
export function makeLinkFolder(program: ProgramBuilder, describes: Words): Register {
  const fsArgs = [program.text("tmpfs"), named(FSOPEN_CLOEXEC, "CLOEXEC")];
  const fs = program.call("fsopen", fsArgs, { result: "fs", describes });
  program.call("fsconfig", [fs, named(FSCONFIG_CMD_CREATE, "CREATE"), 0, 0, 0], { describes });
  const folder = program.call("fsmount", [fs, named(FSMOUNT_CLOEXEC, "CLOEXEC"), 0], {
    result: "links",
    describes,
  });
  program.close(fs);
  return folder;
}

/** From then on the names are those of files in the current directory, until leaveLinkFolder. */
export function enterLinkFolder(program: ProgramBuilder, folder: Register, describes: Words): void {
  program.call("fchdir", [folder], { describes });
  program.close(folder);
}

export function leaveLinkFolder(program: ProgramBuilder): void {
  program.call("chdir", [program.text("/")]);
}
