// What a supervisor has to say: lines with their times, and what its children write on standard error. Two
// files of LONGEST bytes at most.

import { AT_FDCWD, O_APPEND, O_CREAT, O_WRONLY } from "../../abi/file.ts";
import { call, checked } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import { OwnedFd, open, renameAt, stat } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import type { SupervisorPlace } from "./supervisor-place.ts";

const LONGEST = 256 * 1024;
const STDOUT = 1;
const STDERR = 2;

export class SupervisorLog {
  readonly #path: string;

  /** From then on it is this process's standard output and standard error. */
  constructor({ logPath }: SupervisorPlace) {
    this.#path = logPath;
    this.#open();
  }

  /** A log that cannot be written does not hold up anything. */
  write(text: string): void {
    this.#limit();
    const line = encodeText(`${new Date().toISOString()} ${text}\n`);
    call("write", STDERR, addressOf(line), line.length);
  }

  /** Begins a new file when the old one is long. */
  #limit(): void {
    if ((stat(this.#path)?.size ?? 0) > LONGEST) {
      renameAt(AT_FDCWD, this.#path, AT_FDCWD, `${this.#path}.1`);
      this.#open();
    }
  }

  #open(): void {
    using file = new OwnedFd(open(this.#path, O_WRONLY | O_CREAT | O_APPEND, 0o600));
    for (const fd of [STDOUT, STDERR]) {
      checked(call("dup3", file.number, fd, 0), "replace", `descriptor ${fd}`);
    }
  }
}
