// Leases: what a process needs although no name leads there, or the name may go. A lease is a lock in
// staging whose file says what it protects:
//
//   staging/lease-UNIQUE.lock    PURPOSE, then one digest a line
//
// The kernel releases the lock of a process that dies, whatever its pid is and in whichever pid namespace.
//
// A store that can only be read here may be written to elsewhere. There the lease is the collection lock: until
// it is disposed of nothing at all is collected.

import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import { readDirectoryAt } from "../sys/directory.ts";
import { readTextAtIfExists, writeAll } from "../sys/file.ts";
import { encodeText } from "../sys/memory.ts";
import { lockCollections, withCollectionLock } from "./collection-lock.ts";
import type { Store } from "./layout.ts";
import { type HeldLock, tryLock } from "./lock.ts";

const PREFIX = "lease-";
const SUFFIX = ".lock";

export class Lease implements Disposable {
  readonly #store: Store;
  /** Undefined: nothing can be written here. */
  readonly #lock: HeldLock | undefined;
  readonly #held: DisposableStack;
  readonly #protected = new Set<Digest>();

  /** `purpose` is for people: "pull debian". */
  constructor(store: Store, purpose: string) {
    using stack = new DisposableStack();
    this.#store = store;
    this.#lock = stack.use(tryLockOwnName(store.staging.number));
    if (this.#lock === undefined) {
      stack.use(lockCollections(store, "shared"));
    }
    this.#append(`${quote(purpose)}\n`);
    this.#held = stack.move();
  }

  /**
   * From here on neither the content of a digest nor what it leads to is collected, as far as it is in
   * the store: ask for it after this. Waits while a collection is under way.
   */
  protect(...digests: readonly Digest[]): void {
    const added = digests.filter((digest) => !this.#protected.has(digest));
    if (added.length > 0 && this.#lock !== undefined) {
      withCollectionLock(this.#store, "shared", () => {
        this.#append(added.map((digest) => `${digest}\n`).join(""));
      });
      for (const digest of added) {
        this.#protected.add(digest);
      }
    }
  }

  #append(text: string): void {
    if (this.#lock !== undefined) {
      writeAll(this.#lock.fd, encodeText(text), "a lease");
    }
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}

export interface LivingLease {
  readonly purpose: string;
  readonly digests: readonly Digest[];
}

/** The leases whose holders live; files of the others are removed. */
export function livingLeases(store: Store): readonly LivingLease[] {
  const staging = store.staging.number;
  const leases: LivingLease[] = [];
  for (const { name } of readDirectoryAt(staging, ".")) {
    if (!(name.startsWith(PREFIX) && name.endsWith(SUFFIX))) {
      continue;
    }
    using dead = tryLock(staging, name);
    const text = dead === undefined ? readTextAtIfExists(staging, name) : undefined;
    if (text !== undefined) {
      const [purpose = "", ...lines] = text.split("\n");
      leases.push({ purpose, digests: lines.filter(isDigest) });
    }
  }
  return leases;
}

const READ_ONLY: readonly (number | undefined)[] = [Errno.EROFS, Errno.EACCES];

function tryLockOwnName(stagingFd: number): HeldLock | undefined {
  try {
    return lockOwnName(stagingFd);
  } catch (error) {
    if (error instanceof OcicatError && READ_ONLY.includes(error.errno)) {
      return undefined;
    }
    throw error;
  }
}

function lockOwnName(stagingFd: number): HeldLock {
  const unique = crypto.getRandomValues(new Uint8Array(8)).toHex();
  return tryLock(stagingFd, `${PREFIX}${unique}${SUFFIX}`) ?? lockOwnName(stagingFd);
}
