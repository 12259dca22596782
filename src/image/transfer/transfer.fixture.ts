// A registry that does wrong what it is told to, an image in it, and a store.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestLayout } from "../../../test/fixtures/image-layout.ts";
import { seededRandom } from "../../../test/fixtures/random.ts";
import { archive } from "../../../test/fixtures/tar-archive.ts";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import type { Fault } from "../../../tools/testing/faulty-registry-faults.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Platform } from "../../oci/platform.ts";
import { checkStore } from "../content/check.ts";
import { ContentStore } from "../content/content-store.ts";
import { RegistryClient } from "../registry/registry-client.ts";
import type { RegistryLimits } from "../registry/registry-options.ts";
import type { TransferPlace } from "./pull-image.ts";

export const AMD64: Platform = { os: "linux", architecture: "amd64" };
export const ARM64: Platform = { os: "linux", architecture: "arm64" };

/** Patience that a test can wait for. */
const QUICK: Partial<RegistryLimits> = {
  answerMs: 1000,
  idleMs: 1000,
  attempts: 3,
  firstWaitMs: 5,
  longestWaitMs: 50,
};

export class TransferSetting implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "oct-transfer-"));
  readonly registry: FaultyRegistry;
  readonly layout = new TestLayout(join(this.folder, "layout"));
  #count = 0;

  private constructor(registry: FaultyRegistry) {
    this.registry = registry;
  }

  static async make(): Promise<TransferSetting> {
    return new TransferSetting(await FaultyRegistry.start());
  }

  /** An image of two layers, one of them large enough to be interrupted, under a name of the registry. */
  addImage(path: string, tag: string, seed = 1): Descriptor {
    const layers = [noise("large", 600_000, seed), noise("small", 10, seed)];
    const image = this.layout.addImage({ layers, platform: AMD64 });
    this.layout.setIndex([image]);
    this.registry.content.addLayout(path, this.layout.folder, tag);
    return image;
  }

  name(path: string): string {
    return `${this.registry.domain}/${path}`;
  }

  newStore(): ContentStore {
    this.#count += 1;
    return new ContentStore(join(this.folder, `store-${this.#count}`));
  }

  place(store: ContentStore, signal?: AbortSignal): TransferPlace {
    const client = new RegistryClient({
      hostsFolders: [],
      limits: QUICK,
      ...(signal === undefined ? {} : { signal }),
    });
    return { store, client };
  }

  /** From here on, in place of other faults. */
  setFaults(...faults: readonly Fault[]): void {
    this.registry.plan.clear();
    for (const fault of faults) {
      this.registry.plan.add(fault);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A layer that does not become smaller. */
function noise(name: string, bytes: number, seed: number): Buffer {
  const random = seededRandom(seed);
  const data = Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)));
  return archive({ name, data });
}

/** What `ocicat system check` would call damaged. */
export async function damages(store: ContentStore): Promise<readonly string[]> {
  const findings = await checkStore(store);
  return findings.flatMap((each) => (each.severity === "damaged" ? [each.sentence] : []));
}
