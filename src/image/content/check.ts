// Checks the whole store, and mends what can be made again.

import type { Digest } from "../../oci/digest.ts";
import { type BlobCheck, checkBlobs } from "./check-blobs.ts";
import { checkStaging, checkStoreFiles, checkStrays, indexProblem } from "./check-files.ts";
import { type Discovery, type Finding, findingOf } from "./check-finding.ts";
import { checkDatabase, checkImages, checkStandIns } from "./check-images.ts";
import { checkLayers, checkRecords } from "./check-layers.ts";
import type { ContentStore } from "./content-store.ts";
import type { CheckProgress } from "./hash-file.ts";

export interface CheckOptions extends CheckProgress {
  /** Removes what is damaged or left over, and rebuilds what can be derived. No image loses a sound part. */
  readonly repair?: boolean;
  /** Compares sizes and headers, and reads no content. */
  readonly quick?: boolean;
  readonly onFinding?: (finding: Finding) => void;
}

/** Nothing: the store is sound. `onRead` counts the bytes of blobs and layer files. */
export async function checkStore(
  store: ContentStore,
  options: CheckOptions = {},
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const check = { store: store.folders, isQuick: options.quick ?? false, progress: options };
  for await (const { found, repair } of discoverAll(check)) {
    const isRepaired = options.repair === true && repair !== undefined;
    if (isRepaired) {
      await repair();
    }
    const finding = findingOf(found, isRepaired);
    findings.push(finding);
    options.onFinding?.(finding);
  }
  return findings;
}

/** In this order: what is mended in one step is as it should be in the next. */
async function* discoverAll(check: BlobCheck): AsyncGenerator<Discovery> {
  const { store } = check;
  yield* checkStoreFiles(store);
  const damaged = new Set<Digest>();
  for await (const discovery of checkBlobs(check)) {
    if (discovery.found.kind === "blob") {
      damaged.add(discovery.found.digest);
    }
    yield discovery;
  }
  yield* checkLayers(check);
  yield* checkRecords(store);
  if (indexProblem(store) === undefined) {
    yield* checkImages(store, damaged);
    yield* checkStandIns(store, damaged);
    yield* checkDatabase(store);
  }
  yield* checkStrays(store);
  yield* checkStaging(store);
}
