// Changes a file of passwords: in one step, so that other programs read the old or the new one; readable
// by its owner alone; and one writer of ours at a time.

import { AT_FDCWD, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY, S_IFLNK, S_IFMT } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { lock } from "../../store/lock.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  openAt,
  readLinkAt,
  renameAt,
  statAt,
  tryUnlinkAt,
  writeAll,
} from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { type AuthFile, parseAuthFile, readAuthFile } from "./auth-file.ts";

const LINKS_MAX = 8;

/** `change` gets what is in the file now, or an empty one; returns what has to be in it. */
export async function changeAuthFile(
  path: string,
  change: (file: AuthFile) => Readonly<Record<string, unknown>>,
): Promise<void> {
  const target = followLinks(path);
  const slash = target.lastIndexOf("/");
  const folder = target.slice(0, slash);
  const name = target.slice(slash + 1);
  makeDirectories(folder, 0o700);
  using directory = new OwnedFd(open(folder, O_RDONLY));
  using _held = await lock(directory.number, `${name}.lock`);
  const file = readAuthFile(target) ?? parseAuthFile("", target);
  const text = `${JSON.stringify(change(file), undefined, "\t")}\n`;
  replaceSecret(directory.number, name, text);
}

/** Unlike for other files, one that stands there under the temporary name is not written into. */
function replaceSecret(directoryFd: number, name: string, text: string): void {
  const temporary = `.${name}.ocicat`;
  tryUnlinkAt(directoryFd, temporary);
  {
    const flags = O_WRONLY | O_CREAT | O_EXCL;
    using file = new OwnedFd(openAt(directoryFd, temporary, flags, 0o600));
    writeAll(file.number, encodeText(text), quote(name));
  }
  renameAt(directoryFd, temporary, directoryFd, name);
}

/** People keep such files elsewhere and link to them; the link has to stay. */
function followLinks(path: string): string {
  let target = path;
  for (let links = 0; links < LINKS_MAX; links += 1) {
    const status = statAt(AT_FDCWD, target);
    if (status === undefined || (status.mode & S_IFMT) !== S_IFLNK) {
      return target;
    }
    const link = readLinkAt(AT_FDCWD, target);
    target = link.startsWith("/") ? link : `${target.slice(0, target.lastIndexOf("/"))}/${link}`;
  }
  throw new OcicatError("invalid-argument", {
    operation: "write",
    subject: quote(path),
    reason: "it is a link that leads to too many others",
  });
}
