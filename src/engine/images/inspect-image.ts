// What is known of an image, with the fields that `docker image inspect` has. Lists and maps that an image
// leaves out are empty here, so that templates and scripts find them.

import type { StoredManifest } from "../../image/content/image-graph.ts";
import { findRecord, ownershipHere, recordName } from "../../image/record.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { HistoryEntry, Image, ImageConfig } from "../../oci/image-spec.ts";
import { formatFamiliar } from "../../oci/reference.ts";
import {
  type CatalogEntry,
  type CatalogImage,
  namesOf,
  platformOf,
  readCatalog,
} from "./catalog.ts";
import { entryOf, findImage } from "./find-image.ts";
import { readDocuments } from "./image-documents.ts";
import {
  type ImageOptions,
  type ImageSession,
  openImages,
  wantedPlatform,
} from "./image-session.ts";
import { LayerSizes } from "./layer-sizes.ts";
import { familiarName, tryParseName } from "./shown-names.ts";

export interface ImageReport {
  readonly Id: Digest;
  readonly RepoTags: readonly string[];
  /** With the digest of what the name leads to. */
  readonly RepoDigests: readonly string[];
  /** Of the manifest; `Descriptor` may be of an index of several platforms. */
  readonly Digest: Digest;
  readonly Descriptor: Descriptor;
  readonly Comment: string;
  /** RFC 3339; empty where the image does not say. */
  readonly Created: string;
  readonly Author: string;
  readonly Config: ConfigReport;
  readonly Architecture: string;
  readonly Variant: string;
  readonly Os: string;
  /** Bytes of its layers without compression. */
  readonly Size: number;
  /** Bytes of manifest, configuration and layers, as they are transferred. */
  readonly ContentSize: number;
  readonly GraphDriver: StorageReport;
  readonly RootFS: { readonly Type: string; readonly Layers: readonly Digest[] };
  readonly History: readonly HistoryEntry[];
  readonly Annotations: Readonly<Record<string, string>>;
  /** Of an artifact, which no container can be made of. */
  readonly ArtifactType: string;
  /** Names of containers that use it. */
  readonly Containers: readonly string[];
}

/** A template may ask whether there is a Healthcheck; a document says nothing of none. */
type ConfigReport = Required<Omit<ImageConfig, "Healthcheck">> & {
  readonly Healthcheck: ImageConfig["Healthcheck"] | undefined;
};

/** How the files of the image are kept; without a name until a container needs them. */
export interface StorageReport {
  readonly Name: "" | "erofs" | "directory";
  /** Whole paths: the layers' folders, topmost first; or the merged image and the files with its data. */
  readonly Data: Readonly<Record<string, string | readonly string[]>>;
}

export interface InspectOptions extends ImageOptions {
  readonly platform?: string | undefined;
}

/** Throws "not-found". */
export async function inspectImage(text: string, options: InspectOptions): Promise<ImageReport> {
  using session = await openImages(options);
  const catalog = readCatalog(session, wantedPlatform(options.platform));
  const { image, name } = findImage(catalog, text, session.defaultDomain);
  return reportOf(session, image, entryOf(image, name));
}

function reportOf(session: ImageSession, image: CatalogImage, entry: CatalogEntry): ImageReport {
  const stored = readDocuments(session, entry);
  const { manifest, image: document } = stored;
  const history = document?.history ?? [];
  const { os = "", architecture = "", variant = "" } = document ?? {};
  return {
    Id: image.id,
    ...namesReport(image, session.defaultDomain),
    Digest: entry.facts.manifest,
    Descriptor: entry.descriptor,
    Comment: history.at(-1)?.comment ?? "",
    Created: document?.created ?? "",
    Author: document?.author ?? "",
    Config: configReport(document),
    Architecture: architecture,
    Variant: variant,
    Os: os,
    Size: new LayerSizes(session.store).sum(image.facts),
    ContentSize: entry.facts.size,
    GraphDriver: storageReport(session, image),
    RootFS: { Type: "layers", Layers: image.facts.diffIds },
    History: history,
    Annotations: manifest.annotations ?? {},
    ArtifactType: entry.facts.artifactType ?? artifactTypeOf(stored),
    Containers: image.containers,
  };
}

/** An artifact without a type has that of its configuration: image-spec manifest.md. */
function artifactTypeOf({ image, manifest }: StoredManifest): string {
  return image === undefined ? manifest.config.mediaType : "";
}

function namesReport(
  image: CatalogImage,
  defaultDomain: string,
): Pick<ImageReport, "RepoTags" | "RepoDigests"> {
  const digests = image.entries.flatMap(({ name = "", descriptor }) => {
    const reference = tryParseName(name, defaultDomain);
    return reference === undefined
      ? []
      : [formatFamiliar({ domain: reference.domain, path: reference.path }, { defaultDomain })].map(
          (repository) => `${repository}@${descriptor.digest}`,
        );
  });
  const tags = namesOf(image).filter((name) => !name.includes("@"));
  return {
    RepoTags: tags.map((name) => familiarName(name, defaultDomain)),
    RepoDigests: [...new Set(digests)],
  };
}

function configReport(document: Image | undefined): ConfigReport {
  const config = document?.config ?? {};
  return {
    User: config.User ?? "",
    ExposedPorts: config.ExposedPorts ?? {},
    Env: config.Env ?? [],
    Entrypoint: config.Entrypoint ?? [],
    Cmd: config.Cmd ?? [],
    Volumes: config.Volumes ?? {},
    WorkingDir: config.WorkingDir ?? "",
    Labels: config.Labels ?? {},
    StopSignal: config.StopSignal ?? "",
    Shell: config.Shell ?? [],
    Healthcheck: config.Healthcheck,
  };
}

function storageReport({ store }: ImageSession, image: CatalogImage): StorageReport {
  const platform = platformOf(image.facts);
  const records = image.entries.flatMap(({ descriptor: { digest } }) =>
    platform === undefined
      ? []
      : (findRecord(store.root, recordName(digest, platform, ownershipHere())) ?? []),
  );
  const root = records[0]?.root;
  const whole = (path: string): string => `${store.root}/${path}`;
  switch (root?.format) {
    case undefined:
      return { Name: "", Data: {} };
    case "directory":
      return {
        Name: "directory",
        Data: { Layers: root.layers.map((layer) => whole(`layers/${layer}/fs`)) },
      };
    case "erofs":
      return {
        Name: "erofs",
        Data: { Image: whole(root.image), Devices: root.devices.map(whole) },
      };
  }
}
