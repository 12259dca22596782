// What cp does with its two sides, once they are known.

import { writeCopied } from "../../image/copy/copied-items.ts";
import { findTarget, findTargetFolder, lastName } from "../../image/copy/copy-target.ts";
import { type ArchiveInput, OpenedInput } from "../../image/formats/archive-input.ts";
import { unwrap } from "../../image/formats/unwrap.ts";
import { TarReader } from "../../image/tar/reader.ts";
import type { ByteSink } from "../../image/tar/tar-writer.ts";
import { type CopyFiles, CopySide } from "./copy-side.ts";

export interface CopyWay {
  /** Owners and all permissions as they are; else everything becomes the target's root's, or ours. */
  readonly archive: boolean;
  /** A link at the end of the source stands for what it leads to. */
  readonly followLink: boolean;
  /** Directories give way to other things, and these to directories. */
  readonly overwrite?: boolean;
  readonly onNote: (text: string) => void;
}

export async function copyBetween(from: CopyFiles, to: CopyFiles, way: CopyWay): Promise<void> {
  const { archive, followLink, overwrite: overwrites = false, onNote } = way;
  using source = new CopySide(from);
  using target = new CopySide(to);
  const { view, mapOwner, path, rootName } = source;
  const top = source.find(followLink);
  target.requirePresent(target.path);
  const copied = { path, entry: top, overwrites, ...(rootName === undefined ? {} : { rootName }) };
  const found = target.named(() => findTarget(target.view, target.path, copied));
  const writer = target.writer(found, { keepsOwners: archive, overwrites, keepsDevices: true });
  const tree = { view, top, name: found.name, mapOwner, onNote };
  await explainedBy(target, async () => {
    const reader = new TarReader(writer);
    await writeCopied(tree, (chunk) => reader.push(chunk));
    reader.finish();
    writer.finish().forEach(onNote);
  });
}

/** As a tar archive. */
export async function copyToSink(
  from: CopyFiles,
  sink: ByteSink,
  { followLink, onNote }: CopyWay,
): Promise<void> {
  using source = new CopySide(from);
  const { view, mapOwner, path, rootName } = source;
  const top = source.find(followLink);
  const isContent = path.endsWith("/.") || top.path === "";
  const name = rootName ?? (isContent ? "" : lastName(path));
  await writeCopied({ view, top, name, mapOwner, onNote }, sink);
}

/** Unpacks a tar archive, also a compressed one, with the owners that it says. */
export async function copyFromInput(
  input: ArchiveInput,
  to: CopyFiles,
  { onNote, overwrite: overwrites = false }: CopyWay,
): Promise<void> {
  using target = new CopySide(to);
  target.requirePresent(target.path);
  const found = target.named(() => findTargetFolder(target.view, target.path));
  using opened = new OpenedInput(input);
  const writer = target.writer(found, { keepsOwners: true, overwrites, keepsDevices: false });
  const sniffed = await opened.sniffed();
  await explainedBy(target, async () => {
    const reader = new TarReader(writer);
    await unwrap(sniffed, (chunk) => reader.push(chunk), undefined);
    reader.finish();
    writer.finish().forEach(onNote);
  });
}

async function explainedBy(target: CopySide, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw target.explained(error);
  }
}
