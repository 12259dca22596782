// From a name in a registry to what a list of manifests says of it: the descriptors of its manifests, with
// their platforms. The image stays where it is; the store remembers where that is.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageManifest } from "../../oci/image-spec.ts";
import { isConfigType } from "../../oci/media-types.ts";
import { decodeImage, decodeImageDocument } from "../../oci/parse/image.ts";
import { choosePlatform, formatPlatform, type Platform } from "../../oci/platform.ts";
import { parseReference, withDefaultTag } from "../../oci/reference.ts";
import { decodeText } from "../../sys/memory.ts";
import type { ImageSource } from "../image-source.ts";
import { noteOrigin } from "./note-origin.ts";
import type { TransferPlace } from "./pull-image.ts";
import { RegistrySource } from "./registry-source.ts";

const DEEPEST_INDEX = 4;

export interface MemberRequest {
  readonly reference: string;
  /** Whose manifest is taken of an index. */
  readonly platform: Platform;
  /** All that an index lists. */
  readonly allPlatforms?: boolean;
  readonly defaultDomain?: string;
}

/** Throws "not-found" when the registry does not have it, or nothing for the platform. */
export async function listMembers(
  place: TransferPlace,
  request: MemberRequest,
): Promise<readonly Descriptor[]> {
  const { defaultDomain } = request;
  const options = defaultDomain === undefined ? {} : { defaultDomain };
  const reference = withDefaultTag(parseReference(request.reference, options));
  const top = await place.client.resolve(reference);
  const walk = new MemberWalk(new RegistrySource(place.client, reference), request);
  const members = await walk.membersOf(top, 0);
  await noteOrigin(place.store, reference, [top.digest, ...walk.mentioned]);
  return members;
}

class MemberWalk {
  /** Digests of what the members lead to. */
  readonly mentioned: Digest[] = [];
  readonly #source: Pick<ImageSource, "document">;
  readonly #request: MemberRequest;

  constructor(source: Pick<ImageSource, "document">, request: MemberRequest) {
    this.#source = source;
    this.#request = request;
  }

  async membersOf(descriptor: Descriptor, depth: number): Promise<readonly Descriptor[]> {
    const subject = `the document ${descriptor.digest}`;
    const text = decodeText(await this.#source.document(descriptor));
    const document = decodeImageDocument(text, descriptor.mediaType, { subject });
    if (document.kind === "manifest") {
      return [await this.#member(descriptor, document.manifest)];
    }
    if (depth === DEEPEST_INDEX) {
      const reason = `indexes are nested more than ${DEEPEST_INDEX} deep`;
      throw new OcicatError("invalid-config", { operation: "read", subject, reason });
    }
    const members: Descriptor[] = [];
    for (const child of this.#wanted(document.index.manifests, subject)) {
      members.push(...(await this.membersOf(child, depth + 1)));
    }
    return members;
  }

  #wanted(manifests: readonly Descriptor[], subject: string): readonly Descriptor[] {
    const { platform, allPlatforms = false } = this.#request;
    if (allPlatforms) {
      return manifests;
    }
    const chosen =
      manifests[
        choosePlatform(
          platform,
          manifests.map((each) => each.platform),
        )
      ];
    if (chosen === undefined) {
      throw new OcicatError("not-found", {
        operation: "find",
        subject: `an image for ${formatPlatform(platform)} in ${subject}`,
        reason: "it is not among those that it lists",
        hint: "choose one with --platform, or take --all",
      });
    }
    return [chosen];
  }

  async #member(descriptor: Descriptor, manifest: ImageManifest): Promise<Descriptor> {
    const { config, layers, artifactType } = manifest;
    this.mentioned.push(descriptor.digest, config.digest, ...layers.map(({ digest }) => digest));
    const { mediaType, digest, size, annotations } = descriptor;
    const platform = descriptor.platform ?? (await this.#platformOf(config));
    return {
      mediaType,
      digest,
      size,
      ...(platform === undefined ? {} : { platform }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(artifactType === undefined ? {} : { artifactType }),
    };
  }

  async #platformOf(config: Descriptor): Promise<Platform | undefined> {
    if (!isConfigType(config.mediaType)) {
      return undefined;
    }
    const text = decodeText(await this.#source.document(config));
    const image = decodeImage(text, { subject: `the blob ${config.digest}` });
    const { os, architecture, variant } = image;
    return { os, architecture, ...(variant === undefined ? {} : { variant }) };
  }
}
