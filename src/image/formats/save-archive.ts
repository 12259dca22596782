// Writes images of the store to an archive or a folder: `ocicat save`. The same images give the same
// bytes.

import type { Platform } from "../../oci/platform.ts";
import type { ContentStore } from "../content/content-store.ts";
import { EventLoopTurns } from "../event-loop-turns.ts";
import type { ImageEvent } from "../image-event.ts";
import { checkAborted } from "../layers/check-aborted.ts";
import { TarWriter } from "../tar/tar-writer.ts";
import { type ArchiveOutput, writeOutput } from "./archive-output.ts";
import { foldersOf, writeFolder } from "./folder-output.ts";
import type { Member } from "./members.ts";
import { type SavedImage, type SaveFormat, SavePlan } from "./save-plan.ts";

export interface SaveOptions {
  readonly format: SaveFormat;
  /** Whose image is taken of an index where there is room for one. */
  readonly platform: Platform;
  /** Writes layers without compression, for readers that know no other. */
  readonly uncompressed?: boolean;
  readonly onEvent?: (event: ImageEvent) => void;
  readonly signal?: AbortSignal;
}

/**
 * Several images may share an archive. Where a layer can't be written as it is stored, a "note" says so
 * and that image has another digest in the archive; its id stays. Throws "not-found" for what the store
 * does not have, "invalid-argument" for a terminal or a format that is a folder and no path,
 * "already-exists" for a folder that is not empty.
 */
export async function saveArchive(
  store: ContentStore,
  images: readonly SavedImage[],
  output: ArchiveOutput,
  options: SaveOptions,
): Promise<void> {
  using resources = new DisposableStack();
  const digests = images.map(({ descriptor }) => descriptor.digest);
  resources.use(store.lease("save images")).protect(...digests);
  const plan = new SavePlan(store, { ...options, resources });
  for (const image of images) {
    await plan.add(image);
  }
  const planned = options.format === "docker-dir" ? plan.directoryMembers() : plan.members();
  const members = planned.map((member) => observed(member, options));
  switch (options.format) {
    case "docker-archive":
    case "oci-archive":
      await writeOutput(output, (sink) => writeArchive(members, new TarWriter(sink)));
      break;
    case "oci-dir":
    case "docker-dir":
      await writeFolder(output, members);
      break;
  }
}

/** Reports how far a layer has come, and ends when it is told to. */
function observed(member: Member, { onEvent, signal }: SaveOptions): Member {
  const digest = digestOfName(member.name);
  const report = (phase: "saving" | "done", bytes: number): void => {
    if (digest !== undefined) {
      onEvent?.({ kind: "layer", digest, phase, bytes, of: member.size });
    }
  };
  return {
    name: member.name,
    size: member.size,
    async *read(offset) {
      const turns = new EventLoopTurns();
      let done = offset;
      for await (const chunk of member.read(offset)) {
        await turns.take();
        checkAborted(signal, member.name);
        yield chunk;
        done += chunk.length;
        report("saving", done);
      }
      report("done", done);
    },
  };
}

/** Undefined for what is no blob. */
function digestOfName(name: string): string | undefined {
  const match = /^(?:blobs\/(sha\d+)\/)?([0-9a-f]{64,})$/.exec(name);
  return match === null ? undefined : `${match[1] ?? "sha256"}:${match[2] ?? ""}`;
}

async function writeArchive(members: readonly Member[], writer: TarWriter): Promise<void> {
  for (const folder of foldersOf(members)) {
    await writer.add({ ...PLAIN, kind: "directory", path: folder, mode: 0o755 });
  }
  for (const member of members) {
    const { name, size } = member;
    await writer.add({ ...PLAIN, kind: "file", path: name, mode: 0o644, size }, member.read(0));
  }
  await writer.finish();
}

/** Nothing of this machine or this day. */
const PLAIN = {
  linkTarget: "",
  uid: 0,
  gid: 0,
  size: 0,
  modified: { seconds: 0, nanoseconds: 0 },
  device: { major: 0, minor: 0 },
  xattrs: new Map<string, Uint8Array>(),
} as const;
