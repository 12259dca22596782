// The files below a folder, as members. Links are followed, as other programs do with image layouts;
// digests judge what is read.

import { O_NONBLOCK, O_PATH, O_RDONLY, S_IFMT, S_IFREG } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, statAt, tryOpenAt } from "../../sys/file.ts";
import { readRange } from "./file-range.ts";
import type { Member, Members } from "./members.ts";

export class FolderMembers implements Members {
  readonly description: string;
  readonly #path: string;
  readonly #folder: OwnedFd;

  constructor(path: string) {
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    this.#path = path;
    this.description = `the folder ${quote(path)}`;
    this.#folder = new OwnedFd(open(path, O_PATH | O_DIRECTORY));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  find(name: string): Member | undefined {
    using file = this.#open(name);
    if (file === undefined) {
      return undefined;
    }
    const size = statAt(file.number, "")?.size ?? 0;
    return {
      name,
      size,
      path: `${this.#path}/${name}`,
      read: (offset) => this.#read(name, { offset, length: size - offset }),
    };
  }

  *#read(name: string, range: { readonly offset: number; readonly length: number }) {
    using file = this.#open(name);
    if (file !== undefined) {
      yield* readRange(file.number, range, `${quote(name)} in ${this.description}`);
    }
  }

  #open(name: string): OwnedFd | undefined {
    const subject = `${quote(name)} in ${this.description}`;
    const fd = tryOpenAt(this.#folder.number, name, O_RDONLY | O_NONBLOCK);
    if (fd === -Errno.ENOENT || fd === -Errno.ENOTDIR) {
      return undefined;
    }
    using file = new OwnedFd(checked(fd, "open", subject));
    if (((statAt(file.number, "")?.mode ?? 0) & S_IFMT) !== S_IFREG) {
      throw new OcicatError("invalid-config", {
        operation: "read",
        subject,
        reason: "it is not a regular file",
      });
    }
    return new OwnedFd(file.release());
  }
}
