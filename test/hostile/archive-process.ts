// Loads an archive of images, converts an image and saves it, in a process of its own, which a test has
// killed at a point:
//
//   bun archive-process.ts '{"root":"/tmp/store","input":"/tmp/in.tar","output":"/tmp/out.tar"}' [< in.tar]
//
// It can be done again after any part of it. Exits with 0 and the number of system calls when it is done.

import { ContentStore } from "../../src/image/content/content-store.ts";
import { convertImage } from "../../src/image/formats/convert-image.ts";
import { loadArchive } from "../../src/image/formats/load-archive.ts";
import { saveArchive } from "../../src/image/formats/save-archive.ts";
import type { LayerFormat } from "../../src/image/record.ts";
import { observeCalls } from "../../src/sys/call.ts";

export interface ArchiveRequest {
  readonly root: string;
  /** Absent: standard input. */
  readonly input?: string;
  readonly output: string;
  readonly format: LayerFormat;
  /** SIGKILL before this system call of this process: 1 is the first. */
  readonly killAtCall?: number;
}

export const CONVERTED_NAME = "localhost/converted:1";

const PLATFORM = {
  os: "linux",
  architecture: process.arch === "arm64" ? "arm64" : "amd64",
} as const;

export async function useArchive(request: ArchiveRequest): Promise<void> {
  const { root, input, output, format } = request;
  const options = { platform: PLATFORM, format } as const;
  using store = new ContentStore(root);
  const loaded = await loadArchive(
    store,
    input === undefined
      ? { kind: "descriptor", fd: 0, description: "standard input" }
      : { kind: "path", path: input },
    options,
  );
  const [first] = loaded;
  if (first !== undefined) {
    const names = [CONVERTED_NAME];
    await convertImage(store, first.descriptor, { ...options, compression: "zstd", names });
  }
  const saving = { format: "docker-archive", platform: PLATFORM } as const;
  await saveArchive(store, loaded, { kind: "path", path: output }, saving);
}

async function main(request: ArchiveRequest): Promise<void> {
  let callCount = 0;
  observeCalls((sequenceNumber) => {
    callCount = sequenceNumber;
    if (sequenceNumber === request.killAtCall) {
      process.kill(process.pid, "SIGKILL");
    }
  });
  await useArchive(request);
  await Bun.write(Bun.stdout, String(callCount));
}

if (import.meta.main) {
  try {
    await main(JSON.parse(process.argv[2] ?? ""));
  } catch (error) {
    await Bun.write(Bun.stdout, String(error));
    process.exitCode = 1;
  }
}
