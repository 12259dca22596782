// How long a stored image that was found takes to become a mounted root, from a running process: the
// first use of it, and one beside others that use it already.

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ContentStore } from "../../../src/image/content/content-store.ts";
import { loadArchive } from "../../../src/image/formats/load-archive.ts";
import { openImageRoot } from "../../../src/image/image-root.ts";
import { resolveImage } from "../../../src/image/resolve.ts";
import { named, TestLayout } from "../../../test/fixtures/image-layout.ts";
import { archive } from "../../../test/fixtures/tar-archive.ts";
import { median } from "../statistics.ts";

export interface MountResult {
  readonly what: string;
  readonly coldMs: number;
  readonly sharedMs: number;
}

const TIMES = 30;
const MANY = 300;
const PLATFORM = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };

export async function measureMounts(
  folder: string,
  serverLayout: string,
): Promise<readonly MountResult[]> {
  const many = new TestLayout(join(folder, "many"));
  const layers = Array.from({ length: MANY }, (_, index) =>
    archive({ name: `file-${index}`, data: `content ${index}` }),
  );
  many.setIndex([named(many.addImage({ layers }), "latest")]);
  return [
    await measure(folder, "1 layer of 231 MB", serverLayout),
    await measure(folder, `${MANY} small layers`, many.folder),
  ];
}

class StateFolder implements Disposable {
  readonly path = mkdtempSync("/run/ocicat-bench-");

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

async function measure(folder: string, what: string, layout: string): Promise<MountResult> {
  const storeRoot = join(folder, "mounts");
  using store = new ContentStore(storeRoot);
  // Where it is by default: on a file system in memory.
  using state = new StateFolder();
  const place = { storeRoot, stateRoot: state.path };
  const options = { platform: PLATFORM, format: "erofs" } as const;
  const [loaded] = await loadArchive(store, { kind: "path", path: layout }, options);
  const id = loaded?.imageId?.slice("sha256:".length) ?? "";
  using image = await resolveImage(id, { storeRoot, format: "erofs" });
  const cold: number[] = [];
  const shared: number[] = [];
  for (let time = 0; time < TIMES; time += 1) {
    const coldBegin = performance.now();
    using _first = openImageRoot(image.root, place);
    const sharedBegin = performance.now();
    using _second = openImageRoot(image.root, place);
    shared.push(performance.now() - sharedBegin);
    cold.push(sharedBegin - coldBegin);
  }
  return { what, coldMs: median(cold), sharedMs: median(shared) };
}
