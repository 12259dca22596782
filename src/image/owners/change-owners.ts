// Gives files of an ordinary user to other ids that are lent to that user, and back.

import {
  AT_EMPTY_PATH,
  O_CLOEXEC,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
} from "../../abi/file.ts";
import { quote } from "../../error/ocicat-error.ts";
import { openHow } from "../../plan/context.ts";
import type { IdMaps } from "../../plan/request.ts";
import { named, type ProgramBuilder } from "../../program/builder.ts";
import { actAsOwner } from "./act-as-owner.ts";

const OPEN_HOW_BYTES = 24;
const BENEATH = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;

/** Of one program: paths take room in it. */
const MOST_AT_ONCE = 1000;

export interface OwnerChange {
  /** Below the open folder, without links. */
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
  const describes = `change the owner of ${quote(path)}`;
  const how = openHow(program, { flags: O_PATH | O_CLOEXEC, resolve: BENEATH });
  const file = program.call("openat2", [folderFd, program.text(path), how, OPEN_HOW_BYTES], {
    result: "file",
    describes,
  });
  const empty = [file, program.text(""), uid, gid, named(AT_EMPTY_PATH, "EMPTY_PATH")];
  program.call("fchownat", empty, { describes });
  program.close(file);
}
