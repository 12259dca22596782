// Who sent which blob: for one that came whole but wrong, so that its next try goes to somebody else. Each
// host has one chance to do better, a mirror by being left out, the registry itself by being asked again.

import type { Digest } from "../../oci/digest.ts";
import type { HostConnection } from "./host-connection.ts";

/** "nobody": all of it had come earlier, and was in the store's staging folder. */
type Sender = HostConnection | "nobody";

export class BlobSenders {
  readonly #current = new Map<Digest, Set<Sender>>();
  readonly #wrong = new Map<Digest, Set<Sender>>();

  /** It sends some of the blob. */
  note(digest: Digest, sender: HostConnection): void {
    this.#current.set(digest, (this.#current.get(digest) ?? new Set()).add(sender));
  }

  /** Without mirrors that sent it wrong. The last one, the registry itself, always stays. */
  trusted(
    digest: Digest,
    hosts: readonly [HostConnection, ...HostConnection[]],
  ): readonly [HostConnection, ...HostConnection[]] {
    const wrong = this.#wrong.get(digest);
    const isLeft = (host: HostConnection, index: number): boolean =>
      index === hosts.length - 1 || wrong?.has(host) !== true;
    const [first, ...others] = hosts.filter(isLeft);
    return first === undefined ? hosts : [first, ...others];
  }

  /** What came had another digest. True: one of those who sent it has had no other chance yet. */
  wereWrong(digest: Digest): boolean {
    const senders = this.#current.get(digest) ?? new Set<Sender>(["nobody"]);
    const wrong = this.#wrong.get(digest) ?? new Set<Sender>();
    const hasChance = [...senders].some((sender) => !wrong.has(sender));
    for (const sender of senders) {
      wrong.add(sender);
    }
    this.#wrong.set(digest, wrong);
    this.#current.delete(digest);
    return hasChance;
  }
}
