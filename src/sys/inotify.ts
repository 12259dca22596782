// Being told that files change: inotify(7).

import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { OwnedFd } from "./file.ts";
import { bytes, cstring } from "./memory.ts";

const IN_MODIFY = 0x2;
const IN_MOVED_TO = 0x80;
const IN_CREATE = 0x100;
const IN_DELETE = 0x200;
const IN_NONBLOCK_CLOEXEC = 0o2004000;
const EVENTS_BYTES = 4096;

/** Readable when a file in the folder has grown, appeared, gone or got another name. */
export class FolderWatch implements Disposable {
  readonly #file: OwnedFd;
  readonly #events = bytes(EVENTS_BYTES);

  constructor(path: string) {
    this.#file = new OwnedFd(
      checked(call("inotify_init1", IN_NONBLOCK_CLOEXEC), "make", "a watch"),
    );
    const mask = IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_DELETE;
    checked(call("inotify_add_watch", this.#file.number, cstring(path), mask), "watch", path);
  }

  get fd(): number {
    return this.#file.number;
  }

  /** Forgets what has been told so far. */
  drain(): void {
    const { length } = this.#events;
    while (call("read", this.#file.number, addressOf(this.#events), length) > 0) {
      // What changed is looked at, not listed.
    }
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}
