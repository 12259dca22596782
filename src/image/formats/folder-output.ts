// Writes members to a new folder, which has its name when it is whole.

import { AT_FDCWD, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { call, checked } from "../../sys/call.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, openAt, renameAt, statAt, tryMkdirAt, writeAll } from "../../sys/file.ts";
import type { ArchiveOutput } from "./archive-output.ts";
import type { Member } from "./members.ts";

const PRIVATE = 0o700;
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;

/** The folder itself is for the user alone. Throws "already-exists" when it is there and not empty. */
export async function writeFolder(
  output: ArchiveOutput,
  members: readonly Member[],
): Promise<void> {
  if (output.kind === "descriptor") {
    throw new OcicatError("invalid-argument", {
      operation: "write a folder to",
      subject: output.description,
      reason: "it is no path",
      hint: "give a path with --output, or choose a format that is an archive",
    });
  }
  const { path } = output;
  const isThere = statAt(AT_FDCWD, path, true) !== undefined;
  if (isThere && readDirectoryAt(AT_FDCWD, path).length > 0) {
    throw new OcicatError("already-exists", {
      operation: "write to",
      subject: quote(path),
      reason: "the folder is not empty",
    });
  }
  const temporary = `${path.replace(/\/+$/, "")}.${randomSuffix()}.part`;
  checked(tryMkdirAt(AT_FDCWD, temporary, PRIVATE), "make the directory", quote(path));
  try {
    await fillFolder(temporary, members);
    // A folder that is there and empty gives way.
    renameAt(AT_FDCWD, temporary, AT_FDCWD, path);
  } catch (error) {
    discard(temporary, error);
    throw error;
  }
}

async function fillFolder(path: string, members: readonly Member[]): Promise<void> {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  using folder = new OwnedFd(openAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY));
  for (const name of foldersOf(members)) {
    checked(tryMkdirAt(folder.number, name, FOLDER_MODE), "make the directory", quote(name));
  }
  for (const member of members) {
    const flags = O_WRONLY | O_CREAT | O_EXCL;
    using file = new OwnedFd(openAt(folder.number, member.name, flags, FILE_MODE));
    for await (const chunk of member.read(0)) {
      writeAll(file.number, chunk, quote(member.name));
    }
  }
  checked(call("syncfs", folder.number), "write to the disk", quote(path));
}

/** The folders of members, outer ones first. */
export function foldersOf(members: readonly Member[]): readonly string[] {
  const folders = new Set<string>();
  for (const { name } of members) {
    for (let slash = name.indexOf("/"); slash >= 0; slash = name.indexOf("/", slash + 1)) {
      folders.add(name.slice(0, slash));
    }
  }
  return [...folders].sort();
}

function randomSuffix(): string {
  return crypto.getRandomValues(new Uint8Array(6)).toHex();
}

/** A failure here is noted with the error that led to it. */
function discard(path: string, error: unknown): void {
  try {
    removeTree(AT_FDCWD, path);
  } catch (failure) {
    if (error instanceof OcicatError) {
      error.cleanupFailures.push(failure);
    }
  }
}
