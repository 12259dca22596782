// Reads a part of a file and compares its digest, letting others work in between.

import { OcicatError } from "../../error/ocicat-error.ts";
import { algorithmOf, type Digest } from "../../oci/digest.ts";
import { bytes } from "../../sys/memory.ts";
import { readAt } from "../../sys/positioned.ts";

const PIECE_BYTES = 4 * 1024 * 1024;

export interface CheckProgress {
  /** More bytes were read. */
  readonly onRead?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface FileRange {
  readonly digest: Digest;
  readonly offset: number;
  readonly length: number;
}

/** What is wrong, or undefined. Throws "interrupted" when it is aborted. */
export async function hashFile(
  fd: number,
  { digest, offset, length }: FileRange,
  { onRead, signal }: CheckProgress,
): Promise<string | undefined> {
  const hasher = new Bun.CryptoHasher(algorithmOf(digest));
  const buffer = bytes(Math.min(PIECE_BYTES, length));
  let done = 0;
  while (done < length) {
    const wanted = buffer.subarray(0, Math.min(buffer.length, length - done));
    const count = readAt(fd, wanted, offset + done, `what ${digest} names`);
    if (count < wanted.length) {
      return `it ends after ${done + count} of ${length} bytes`;
    }
    hasher.update(wanted);
    done += count;
    onRead?.(count);
    // Signals, and whoever draws the progress, have their turn.
    await Bun.sleep(0);
    if (signal?.aborted === true) {
      const reason = "cancelled";
      throw new OcicatError("interrupted", { operation: "check", subject: "the store", reason });
    }
  }
  const actual = `${algorithmOf(digest)}:${hasher.digest("hex")}`;
  return actual === digest ? undefined : `its digest is ${actual}`;
}
