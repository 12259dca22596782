// A repository of a registry as a source of images.

import type { Descriptor } from "../../oci/descriptor.ts";
import { isIndexType, isManifestType } from "../../oci/media-types.ts";
import type { ImageReference } from "../../oci/reference.ts";
import { DigestCheck } from "../digest-check.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import { untilRight } from "../until-right.ts";
import { collectBytes } from "./collect-bytes.ts";
import type { PushSource } from "./push-plan.ts";

export class RegistrySource implements PushSource {
  readonly description: string;
  readonly #client: RegistryClient;
  readonly #repository: ImageReference;
  #asked = 0;

  constructor(client: RegistryClient, { domain, path }: ImageReference) {
    this.#client = client;
    this.#repository = { domain, path };
    this.description = `${domain}/${path}`;
  }

  /** How often something was asked for. */
  get asked(): number {
    return this.#asked;
  }

  /** What a registry has it has as a whole. */
  has(): boolean {
    return true;
  }

  async document(descriptor: Descriptor): Promise<Uint8Array> {
    const { mediaType, digest } = descriptor;
    if (isIndexType(mediaType) || isManifestType(mediaType)) {
      this.#asked += 1;
      const manifest = await this.#client.manifest(this.#repository, digest);
      return manifest.content;
    }
    return await untilRight(this, descriptor, async () => {
      const { documentBytes } = this.#client;
      const content = await collectBytes(this.blob(descriptor, 0), descriptor, documentBytes);
      const check = new DigestCheck(digest);
      check.update(content);
      check.verify(`the blob ${digest}`);
      return content;
    });
  }

  wasWrong(descriptor: Descriptor): boolean {
    return this.#client.blobWasWrong(descriptor);
  }

  blob(descriptor: Descriptor, offset: number, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    this.#asked += 1;
    return this.#client.blob(this.#repository, descriptor, offset, signal);
  }
}
