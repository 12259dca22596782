// Opens what a user gives as an archive of images: a folder; a tar archive in a file, which is read where
// it is; or one that comes through a pipe or compressed, which is unwrapped to the store's staging first.

import { AT_FDCWD, S_IFDIR, S_IFMT } from "../../abi/file.ts";
import type { Store } from "../../store/layout.ts";
import { statAt } from "../../sys/file.ts";
import {
  type ArchiveInput,
  OpenedInput,
  openSeekable,
  type SpoolOptions,
} from "./archive-input.ts";
import { ArchiveMembers } from "./archive-members.ts";
import { FolderMembers } from "./folder-members.ts";
import type { Members } from "./members.ts";

/** Throws "invalid-config" for what is no archive. */
export async function openMembers(
  store: Store,
  input: ArchiveInput,
  options: SpoolOptions = {},
): Promise<Members> {
  if (input.kind === "path" && isFolder(input.path)) {
    return new FolderMembers(input.path);
  }
  using opened = new OpenedInput(input);
  const fd = await openSeekable(store, opened, options);
  return new ArchiveMembers(fd, `the archive ${opened.description}`);
}

function isFolder(path: string): boolean {
  const mode = statAt(AT_FDCWD, path, true)?.mode ?? 0;
  return (mode & S_IFMT) === S_IFDIR;
}
