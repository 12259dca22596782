// A file of the folder layers/ while it is made: in staging, under its own name. Its maker holds the lock
// of that name (src/store/lock.ts).

import { O_CREAT, O_RDWR, O_TRUNC } from "../../abi/file.ts";
import { systemError } from "../../error/ocicat-error.ts";
import type { Store } from "../../store/layout.ts";
import { OwnedFd, openAt, renameAt, tryUnlinkAt } from "../../sys/file.ts";

const MODE = 0o600;

export class StagedFile implements Disposable {
  readonly #store: Store;
  readonly #name: string;
  readonly #file: OwnedFd;
  #forced: Promise<void> | undefined;
  #isCommitted = false;

  /** Empty, whatever a killed process has left. */
  constructor(store: Store, name: string) {
    this.#store = store;
    this.#name = name;
    const flags = O_RDWR | O_CREAT | O_TRUNC;
    this.#file = new OwnedFd(openAt(store.staging.number, name, flags, MODE));
  }

  get fd(): number {
    return this.#file.number;
  }

  /** After the last write: has the disk take it, while other things are waited for. */
  forceToDisk(): Promise<void> {
    this.#forced ??= forceToDiskAside(this.fd, `the layer file ${this.#name}`);
    return this.#forced;
  }

  /** Its content is on the disk before it has its place: after a power cut it is whole or not there. */
  async commit(): Promise<void> {
    await this.forceToDisk();
    renameAt(this.#store.staging.number, this.#name, this.#store.layers.number, this.#name);
    this.#isCommitted = true;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
    if (!this.#isCommitted) {
      tryUnlinkAt(this.#store.staging.number, this.#name);
    }
  }
}

/** fsync(2) on another thread: it may take seconds, while other layers come in. */
async function forceToDiskAside(fd: number, subject: string): Promise<void> {
  const { fsync } = await import("node:fs");
  await new Promise<void>((resolve, reject) => {
    fsync(fd, (error) => {
      if (error === null) {
        resolve();
      } else {
        reject(
          systemError(Math.abs(error.errno ?? 0), "write to the disk", subject, { cause: error }),
        );
      }
    });
  });
}
