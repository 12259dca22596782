// Reads a part of an open file, wherever its offset stands: several readers may share a descriptor.

import { OcicatError } from "../../error/ocicat-error.ts";
import { bytes } from "../../sys/memory.ts";
import { readAt } from "../../sys/positioned.ts";

export interface FileRange {
  readonly offset: number;
  readonly length: number;
}

const CHUNK_BYTES = 1024 * 1024;

/** In chunks that the caller may keep. Throws when the file ends before the range does. */
export function* readRange(
  fd: number,
  range: FileRange,
  subject: string,
): Generator<Uint8Array<ArrayBuffer>, void> {
  for (let done = 0; done < range.length; ) {
    const buffer = bytes(Math.min(CHUNK_BYTES, range.length - done));
    const count = readAt(fd, buffer, range.offset + done, subject);
    if (count === 0) {
      throw new OcicatError("invalid-config", {
        operation: "read",
        subject,
        reason: `it ends after ${range.offset + done} bytes`,
      });
    }
    done += count;
    yield buffer.subarray(0, count);
  }
}
