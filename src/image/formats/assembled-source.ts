// A source of images that are put together here: of documents made anew, and of content that lies
// elsewhere under other names.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageSource } from "../image-source.ts";
import type { Member } from "./members.ts";

export class AssembledSource implements ImageSource {
  readonly description: string;
  readonly #documents = new Map<Digest, Uint8Array>();
  readonly #blobs = new Map<Digest, Member>();

  constructor(description: string) {
    this.description = description;
  }

  addDocument(content: Uint8Array, mediaType: string): Descriptor {
    const digest = sha256(content);
    this.#documents.set(digest, content);
    return { mediaType, digest, size: content.length };
  }

  /** The member is said to have that digest: whoever takes it checks that. */
  addBlob(digest: Digest, member: Member): void {
    this.#blobs.set(digest, member);
  }

  async document({ digest }: Descriptor): Promise<Uint8Array> {
    const content = this.#documents.get(digest);
    if (content === undefined) {
      throw this.#missing(digest);
    }
    return await Promise.resolve(content);
  }

  async *blob({ digest }: Descriptor, offset: number): AsyncGenerator<Uint8Array, void> {
    const document = this.#documents.get(digest);
    const member = this.#blobs.get(digest);
    if (document === undefined && member === undefined) {
      throw this.#missing(digest);
    }
    yield* document === undefined ? (member?.read(offset) ?? []) : [document.subarray(offset)];
  }

  #missing(digest: Digest): OcicatError {
    return new OcicatError("not-found", {
      operation: "find",
      subject: `the blob ${digest} in ${this.description}`,
      reason: "it is not there",
    });
  }
}

export function sha256(content: Uint8Array): Digest {
  return `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
}

export async function digestOfMember(member: Member): Promise<Digest> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of member.read(0)) {
    hasher.update(chunk);
  }
  return `sha256:${hasher.digest("hex")}`;
}
