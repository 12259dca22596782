// Writing to the disk early, by sync_file_range(2): a large file that is written at once has little left to
// wait for when fsync(2) is called at its end.

import { call } from "./call.ts";

const SYNC_FILE_RANGE_WRITE = 2;
const STEP_BYTES = 8 * 1024 * 1024;

/** Of one file that grows. */
export class WriteBack {
  readonly #fd: number;
  #begun = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Has the disk begin with what was written up to `length`, without waiting for it. */
  upTo(length: number): void {
    if (length - this.#begun >= STEP_BYTES) {
      this.allUpTo(length);
    }
  }

  /** The same of what is left, also where it is little. */
  allUpTo(length: number): void {
    const pending = length - this.#begun;
    if (pending > 0) {
      // It only helps: where it is not possible fsync does all.
      call("sync_file_range", this.#fd, this.#begun, pending, SYNC_FILE_RANGE_WRITE);
      this.#begun = length;
    }
  }
}
