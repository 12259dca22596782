// The store as a source that may lack content: what it does not have comes from the repositories that are
// known to have it. For lists of manifests, whose images nobody has to pull for a push.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseReference } from "../../oci/reference.ts";
import type { Metadata } from "../content/metadata.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import type { PushSource } from "./push-plan.ts";
import { RegistrySource } from "./registry-source.ts";

export class OriginSource implements PushSource {
  readonly description: string;
  readonly #local: PushSource;
  readonly #client: RegistryClient;
  readonly #metadata: Metadata;

  constructor(local: PushSource, client: RegistryClient, metadata: Metadata) {
    this.#local = local;
    this.#client = client;
    this.#metadata = metadata;
    this.description = local.description;
  }

  has(descriptor: Descriptor): boolean {
    return this.#local.has(descriptor) || this.#metadata.sourcesOf(descriptor.digest).length > 0;
  }

  async document(descriptor: Descriptor): Promise<Uint8Array> {
    const source = this.#local.has(descriptor) ? this.#local : this.#origin(descriptor);
    return await source.document(descriptor);
  }

  blob(descriptor: Descriptor, offset: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    const source = this.#local.has(descriptor) ? this.#local : this.#origin(descriptor);
    return source.blob(descriptor, offset, signal);
  }

  #origin({ digest }: Descriptor): RegistrySource {
    const [repository] = this.#metadata.sourcesOf(digest);
    if (repository === undefined) {
      throw new OcicatError("not-found", {
        operation: "find",
        subject: `the blob ${digest}`,
        reason: "it is neither in the store nor known to be in a registry",
      });
    }
    return new RegistrySource(this.#client, parseReference(repository));
  }
}
