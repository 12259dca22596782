// Standard output and standard error, by one write each: process.stdout costs 17 ms, and clients read
// what a runtime says in one read.

import { POLLOUT } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { encodeText } from "../sys/memory.ts";
import { poll } from "../sys/poll.ts";

const STDOUT = 1;
const STDERR = 2;

export function writeOutput(text: string): void {
  checked(tryWriteFully(STDOUT, encodeText(text)), "write to", "standard output");
}

/** There is nobody to tell when this fails. */
export function writeError(text: string): void {
  tryWriteFully(STDERR, encodeText(text));
}

/** What need not be text. */
export function writeOutputBytes(content: Uint8Array): void {
  checked(tryWriteFully(STDOUT, content), "write to", "standard output");
}

export function writeErrorBytes(content: Uint8Array): void {
  tryWriteFully(STDERR, content);
}

/** Also to a pipe that another program has made non-blocking. 0, or -errno. */
function tryWriteFully(fd: number, content: Uint8Array): number {
  let offset = 0;
  while (offset < content.length) {
    const address = addressOf(content) + offset;
    const count = call("write", fd, address, content.length - offset);
    if (count === -Errno.EAGAIN) {
      poll([{ fd, events: POLLOUT }]);
    } else if (count < 0) {
      return count;
    } else {
      offset += count;
    }
  }
  return 0;
}
