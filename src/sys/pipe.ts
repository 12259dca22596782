// Pipes that block, for programs that read what this one writes.

import { O_CLOEXEC } from "../abi/file.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { OwnedFd } from "./file.ts";
import { words } from "./memory.ts";

const F_SETPIPE_SZ = 1031;
const SIZE = 1024 * 1024;

/** As large as an ordinary user may make them: each side is woken less often. */
export class Pipe implements Disposable {
  readonly reader: OwnedFd;
  readonly writer: OwnedFd;

  constructor() {
    const ends = words(2);
    checked(call("pipe2", addressOf(ends), O_CLOEXEC), "make", "a pipe");
    this.reader = new OwnedFd(ends[0] ?? -1);
    this.writer = new OwnedFd(ends[1] ?? -1);
    // It only helps: users may have used up their share.
    call("fcntl", this.writer.number, F_SETPIPE_SZ, SIZE);
  }

  [Symbol.dispose](): void {
    this.reader[Symbol.dispose]();
    this.writer[Symbol.dispose]();
  }
}
