// What a container's record keeps of its image, and what comes of both: labels and ports are the image's, too.

import type { ImageConfig } from "../../oci/image-spec.ts";
import type { ContainerRecord } from "./container-record.ts";

export interface RecordedImage {
  /** As it was asked for. */
  readonly name: string;
  /** Of the manifest. */
  readonly digest: string;
  /** Absent: it has none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** "80/tcp". */
  readonly exposedPorts?: readonly string[];
}

/** Letters of what an image may say at most: more would make records that nobody reads. */
const LONGEST = 256 * 1024;

/** Whatever is too long is left out. */
export function recordedImage(
  name: string,
  digest: string,
  { Labels = {}, ExposedPorts = {} }: ImageConfig,
): RecordedImage {
  const exposedPorts = Object.keys(ExposedPorts);
  return {
    name,
    digest,
    ...(isKept(Labels) ? { labels: Labels } : {}),
    ...(isKept(ExposedPorts) ? { exposedPorts } : {}),
  };
}

function isKept(said: object): boolean {
  return Object.keys(said).length > 0 && JSON.stringify(said).length <= LONGEST;
}

type Described = Pick<ContainerRecord, "image" | "options">;

export function labelsOf({ image, options }: Described): Readonly<Record<string, string>> {
  return { ...image?.labels, ...options.labels };
}

export function exposedPortsOf({ image, options }: Described): readonly string[] {
  return [...new Set([...(image?.exposedPorts ?? []), ...(options.exposedPorts ?? [])])];
}
