// The lock between a garbage collection and whoever relies on what is in the store: flock(2) on the file
// "version", shared to say what is needed, exclusive to find and remove what nobody needs. It is held
// while nothing is awaited: its holder is never waited for by another task of the same process. The one
// exception is the lease of a store that can only be read (lease.ts).

import { LOCK_EX, LOCK_SH, O_RDONLY } from "../abi/file.ts";
import { checked } from "../sys/call.ts";
import { OwnedFd, openAt, tryFlock } from "../sys/file.ts";
import type { Store } from "./layout.ts";

export function withCollectionLock<Result>(
  store: Store,
  kind: "shared" | "exclusive",
  action: () => Result,
): Result {
  using _held = lockCollections(store, kind);
  return action();
}

/** Held until it is disposed of: for who cannot say what is needed, in a store that can only be read. */
export function lockCollections(store: Store, kind: "shared" | "exclusive"): Disposable {
  using file = new OwnedFd(openAt(store.top.number, "version", O_RDONLY));
  const operation = kind === "shared" ? LOCK_SH : LOCK_EX;
  checked(tryFlock(file.number, operation), "lock", "the store");
  return new OwnedFd(file.release());
}
