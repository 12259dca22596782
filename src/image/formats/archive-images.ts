// What images an archive or a folder has, whichever of the formats it is in, and what they are called.
//
// Archives of Docker 25 and later are two things at once, an OCI layout and a Docker archive. The layout
// is taken if it has all of an image: its manifests are then those that a registry has.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { isManifestType } from "../../oci/media-types.ts";
import { decodeManifest } from "../../oci/parse/image.ts";
import type { Platform } from "../../oci/platform.ts";
import { decodeText } from "../../sys/memory.ts";
import type { ImageSource } from "../image-source.ts";
import { AssembledSource } from "./assembled-source.ts";
import {
  addDockerImage,
  DOCKER_MANIFESTS,
  dockerImageId,
  readDockerManifests,
} from "./docker-archive.ts";
import { isDockerDirectory, readDockerDirectory } from "./docker-directory.ts";
import {
  type ArchiveImage,
  layoutName,
  layoutNames,
  merged,
  wholeNames,
  withoutNames,
} from "./image-names.ts";
import { findMissingBlob, LAYOUT_MARK, LayoutSource, readLayoutMembers } from "./layout-source.ts";
import { addLegacyImages, LEGACY_NAMES } from "./legacy-docker-archive.ts";
import type { Members } from "./members.ts";

export interface ArchiveImages {
  readonly source: ImageSource;
  /** Each once, in the order of the archive. */
  readonly images: readonly ArchiveImage[];
}

/** Throws "invalid-config" for an archive that is none of images, or that is not whole. */
export async function readArchiveImages(
  members: Members,
  platform: Platform,
): Promise<ArchiveImages> {
  const hasDocker = members.find(DOCKER_MANIFESTS) !== undefined;
  if (members.find(LAYOUT_MARK) !== undefined) {
    const missing = await findMissing(members, platform);
    if (missing === undefined) {
      return await layoutImages(members, hasDocker);
    }
    if (!hasDocker) {
      throw incomplete(members, missing);
    }
  }
  if (hasDocker && (await isDockerDirectory(members))) {
    const { source, descriptor } = await readDockerDirectory(members);
    return { source, images: [{ descriptor, names: [] }] };
  }
  if (hasDocker) {
    return await dockerImages(members);
  }
  if (members.find(LEGACY_NAMES) !== undefined) {
    const source = new AssembledSource(members.description);
    return { source, images: merged(await addLegacyImages(source, members)) };
  }
  throw new OcicatError("invalid-config", {
    operation: "load",
    subject: members.description,
    reason: `it has neither ${quote(LAYOUT_MARK)} nor ${quote(DOCKER_MANIFESTS)}`,
    hint: "the archive of a root file system is imported, not loaded: `ocicat import`",
  });
}

async function findMissing(members: Members, platform: Platform): Promise<string | undefined> {
  const { manifests } = await readLayoutMembers(members);
  for (const descriptor of manifests) {
    const missing = await findMissingBlob(members, descriptor, platform);
    if (missing !== undefined) {
      return missing;
    }
  }
  return undefined;
}

function incomplete(members: Members, missing: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "load",
    subject: members.description,
    reason: `the blob ${missing} is missing`,
  });
}

async function layoutImages(members: Members, hasDocker: boolean): Promise<ArchiveImages> {
  const source = new LayoutSource(members);
  const { manifests } = await readLayoutMembers(members);
  const dockerNames = hasDocker ? await namesById(members) : new Map<string, readonly string[]>();
  const images: ArchiveImage[] = [];
  for (const descriptor of manifests) {
    const written = layoutName(descriptor);
    const isWhole = written !== undefined && /[:/]/.test(written);
    const known = isWhole ? [] : (dockerNames.get(await configDigest(source, descriptor)) ?? []);
    images.push({ descriptor: withoutNames(descriptor), names: layoutNames(written, known) });
  }
  return { source, images: merged(images) };
}

/** Empty: not known without more reading, as for an index. */
async function configDigest(source: ImageSource, descriptor: Descriptor): Promise<string> {
  if (!isManifestType(descriptor.mediaType)) {
    return "";
  }
  return decodeManifest(decodeText(await source.document(descriptor))).config.digest;
}

async function namesById(members: Members): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, readonly string[]>();
  for (const entry of await readDockerManifests(members)) {
    names.set(await dockerImageId(members, entry), entry.names);
  }
  return names;
}

async function dockerImages(members: Members): Promise<ArchiveImages> {
  const source = new AssembledSource(members.description);
  const images: ArchiveImage[] = [];
  for (const entry of await readDockerManifests(members)) {
    const descriptor = await addDockerImage(source, members, entry);
    images.push({ descriptor, names: wholeNames(entry.names) });
  }
  return { source, images: merged(images) };
}
