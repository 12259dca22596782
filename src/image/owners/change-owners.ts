// Gives files of an ordinary user to other ids that are lent to that user, and back.

import {
  AT_EMPTY_PATH,
  O_CLOEXEC,
  O_PATH,
  OPEN_HOW_BYTES,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from "../../abi/file.ts";
import { openHow } from "../../plan/context.ts";
import type { IdMaps } from "../../plan/request.ts";
import { named, type ProgramBuilder } from "../../program/builder.ts";
import type { DataReference, Register } from "../../program/program.ts";
import { quoteByteString } from "../../sys/byte-path.ts";
import { actAsOwner } from "./act-as-owner.ts";

export const BENEATH = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
/** Of a path that the kernel takes at once. */
const LONGEST_STEP = 3800;

/** Of one program: paths take room in it. */
const MOST_AT_ONCE = 1000;

export interface OwnerChange {
  /** Below the open folder, without links, of any length: a byte string. */
  readonly path: string;
  /** As the user's ids are counted: 0 is the user. */
  readonly uid: number;
  readonly gid: number;
}

export function changeOwners(
  folderFd: number,
  changes: readonly OwnerChange[],
  counted: IdMaps,
): void {
  for (let start = 0; start < changes.length; start += MOST_AT_ONCE) {
    const some = changes.slice(start, start + MOST_AT_ONCE);
    actAsOwner({
      counted,
      because: "owners",
      keepFds: [folderFd],
      act: (program) => {
        for (const change of some) {
          changeOne(program, folderFd, change);
        }
      },
    });
  }
}

function changeOne(program: ProgramBuilder, folderFd: number, change: OwnerChange): void {
  const { path, uid, gid } = change;
  const describes = () => `change the owner of ${quoteByteString(path)}`;
  const how = openHow(program, { flags: O_PATH | O_CLOEXEC, resolve: BENEATH });
  const openBelow = (from: number | Register, step: string): Register => {
    const args = [from, byteText(program, step), how, OPEN_HOW_BYTES];
    return program.call("openat2", args, { result: "file", describes });
  };
  const [first = "", ...further] = stepsOf(path);
  let file = openBelow(folderFd, first);
  for (const step of further) {
    const above = file;
    file = openBelow(above, step);
    program.close(above);
  }
  const empty = [file, program.text(""), uid, gid, named(AT_EMPTY_PATH, "EMPTY_PATH")];
  program.call("fchownat", empty, { describes });
  program.close(file);
}

/** The path in parts, each below the one before. */
export function stepsOf(path: string): readonly string[] {
  const steps: string[] = [];
  let rest = path;
  while (rest.length > LONGEST_STEP) {
    const end = rest.lastIndexOf("/", LONGEST_STEP);
    steps.push(rest.slice(0, end));
    rest = rest.slice(end + 1);
  }
  return [...steps, rest];
}

/** A C string of bytes that need not be UTF-8. */
function byteText(program: ProgramBuilder, text: string): DataReference {
  const content = Uint8Array.from(`${text}\0`, (character) => character.charCodeAt(0));
  return program.structure(content, () => quoteByteString(text));
}
