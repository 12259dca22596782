// Reading and writing at a place in a file, without moving the descriptor's own position.

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";

/** Fills `buffer` from `offset` on; returns how much there was before the end of the file. */
export function readAt(fd: number, buffer: Uint8Array, offset: number, subject: string): number {
  let done = 0;
  while (done < buffer.length) {
    const address = addressOf(buffer) + done;
    const count = call("pread64", fd, address, buffer.length - done, offset + done);
    if (checked(count, "read", subject) === 0) {
      break;
    }
    done += count;
  }
  return done;
}

export function writeAllAt(fd: number, content: Uint8Array, offset: number, subject: string): void {
  for (let done = 0; done < content.length; ) {
    const address = addressOf(content) + done;
    const count = call("pwrite64", fd, address, content.length - done, offset + done);
    done += checked(count, "write", subject);
  }
}
