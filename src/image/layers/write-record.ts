// Writes the records of an image (src/image/record.ts).

import { O_CREAT, O_TRUNC, O_WRONLY } from "../../abi/file.ts";
import type { Store } from "../../store/layout.ts";
import { lock } from "../../store/lock.ts";
import { OwnedFd, openAt, renameAt, writeAll } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { type ImageRecord, recordText } from "../record.ts";

/** Not forced to the disk: a record that a power cut spoils is no record, and is made again. */
export async function writeRecord(store: Store, name: string, record: ImageRecord): Promise<void> {
  const staging = store.staging.number;
  using _held = await lock(staging, `${name}.lock`);
  {
    using file = new OwnedFd(openAt(staging, name, O_WRONLY | O_CREAT | O_TRUNC, 0o600));
    writeAll(file.number, encodeText(recordText(record)), name);
  }
  renameAt(staging, name, store.images.number, name);
}
