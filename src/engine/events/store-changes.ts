// Waits until a file in the store's folder has changed: inotify in the event loop.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { onAbort } from "../../sys/abort.ts";
import { watchDescriptor } from "../../sys/descriptor-loop.ts";
import { makeDirectories, stat } from "../../sys/file.ts";
import { FolderWatch } from "../../sys/inotify.ts";

/** Longer ones overflow the engine's timers. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Limit {
  readonly signal: AbortSignal | undefined;
  /** Since 1970. */
  readonly deadlineMs: number | undefined;
}

export class StoreChanges implements Disposable {
  readonly #storeRoot: string;
  readonly #watch: FolderWatch;
  readonly #inode: number | undefined;

  constructor(storeRoot: string) {
    makeDirectories(storeRoot, 0o700);
    this.#storeRoot = storeRoot;
    this.#watch = new FolderWatch(storeRoot);
    this.#inode = stat(storeRoot)?.inode;
  }

  /** Fulfilled at the next change, or when the limit is reached. */
  async next({ signal, deadlineMs }: Limit): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    const stop = watchDescriptor(this.#watch.fd, wake);
    const waitMs = Math.min((deadlineMs ?? Infinity) - Date.now(), LONGEST_TIMER_MS);
    const timer = deadlineMs === undefined ? undefined : setTimeout(wake, Math.max(waitMs, 0));
    using _interruption = onAbort(signal, wake);
    await promise;
    clearTimeout(timer);
    stop();
    this.#watch.drain();
    this.#requirePresent();
  }

  /** A watch of a folder that is gone would wait for ever. */
  #requirePresent(): void {
    if (stat(this.#storeRoot)?.inode !== this.#inode) {
      throw new OcicatError("unavailable", {
        operation: "follow",
        subject: "events",
        reason: `the store ${quote(this.#storeRoot)} has been removed`,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
