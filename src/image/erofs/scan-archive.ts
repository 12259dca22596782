// Reads the headers of an archive in a file and passes over the content.

import { bytes } from "../../sys/memory.ts";
import { readAt } from "../../sys/positioned.ts";
import type { TarHandler, TarLimits } from "../tar/entry.ts";
import { TarReader } from "../tar/reader.ts";

export interface ArchiveRange {
  readonly fd: number;
  readonly tarOffset: number;
  readonly tarBytes: number;
}

/** The next header is mostly there when content has been skipped. */
const WINDOW_BYTES = 16 * 1024;

/** `handler` must not want content. Throws unless the archive is whole. */
export function scanArchive(archive: ArchiveRange, handler: TarHandler, limits: TarLimits): void {
  const { fd, tarOffset, tarBytes } = archive;
  const reader = new TarReader(handler, limits);
  const window = bytes(WINDOW_BYTES);
  let position = 0;
  while (position < tarBytes) {
    const left = tarBytes - position;
    const skipped = Math.min(reader.skippable, left);
    if (skipped > 0) {
      reader.skip(skipped);
      position += skipped;
      continue;
    }
    const wanted = left < window.length ? window.subarray(0, left) : window;
    const count = readAt(fd, wanted, tarOffset + position, "an archive");
    if (count === 0) {
      break;
    }
    reader.push(wanted.subarray(0, count));
    position += count;
  }
  reader.finish();
}
