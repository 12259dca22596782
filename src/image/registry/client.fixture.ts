// What the tests of the client share: a client that waits for nothing long, an image in a faulty registry,
// and a look at how something failed.

import type { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ImageReference } from "../../oci/reference.ts";
import type { ImageEvent } from "../image-event.ts";
import { RegistryClient } from "./registry-client.ts";
import type { RegistryLimits, RegistryOptions } from "./registry-options.ts";

/** A machine that is busy may take its time; a wait that is meant to end does so soon. */
export const QUICK_LIMITS: Partial<RegistryLimits> = {
  answerMs: 2000,
  idleMs: 1000,
  attempts: 4,
  firstWaitMs: 2,
  longestWaitMs: 20,
};

export interface QuickClient {
  readonly client: RegistryClient;
  readonly events: readonly ImageEvent[];
}

export function quickClient(options: RegistryOptions = {}): QuickClient {
  const events: ImageEvent[] = [];
  const client = new RegistryClient({
    hostsFolders: [],
    onEvent: (event) => void events.push(event),
    ...options,
    limits: { ...QUICK_LIMITS, ...options.limits },
  });
  return { client, events };
}

export interface SampleImage {
  readonly reference: ImageReference;
  readonly manifest: Descriptor;
  readonly layer: Descriptor;
  readonly layerContent: Uint8Array;
}

export const LAYER_BYTES = 1_000_000;

/** "app:1": one layer with all values of bytes in it. */
export function addSampleImage(registry: FaultyRegistry, path = "app"): SampleImage {
  const layerContent = new Uint8Array(LAYER_BYTES).map((_, index) => index * 7 + (index >> 8));
  const { content } = registry;
  const layer = content.addBlob(path, layerContent, "application/vnd.oci.image.layer.v1.tar");
  const configText = new TextEncoder().encode("{}");
  const config = content.addBlob(path, configText, "application/vnd.oci.image.config.v1+json");
  const manifest = content.addManifest(path, "1", {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config,
    layers: [layer],
  });
  const reference = { domain: registry.domain, path, tag: "1" };
  return { reference, manifest, layer, layerContent };
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await Array.fromAsync(chunks)));
}

/** The error of what has to fail. */
export async function failureOf(work: Promise<unknown>): Promise<OcicatError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof OcicatError) {
      return error;
    }
    throw error;
  }
  throw new Error("expect a failure: there was none");
}

export function retriesOf(events: readonly ImageEvent[]): number {
  return events.filter(({ kind }) => kind === "retry").length;
}
