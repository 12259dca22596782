// What the images of an archive are called: from the ways in which other programs write names down to
// whole names, "docker.io/library/debian:12".

import { type Descriptor, REFERENCE_NAME } from "../../oci/descriptor.ts";
import { formatReference, parseReference, withDefaultTag } from "../../oci/reference.ts";

export interface ArchiveImage {
  readonly descriptor: Descriptor;
  /** Whole: "docker.io/library/debian:12". None: the archive does not say. */
  readonly names: readonly string[];
}

/** containerd's and Docker's whole name, where REFERENCE_NAME is the tag alone. */
export const CONTAINERD_NAME = "io.containerd.image.name";

export function layoutName({ annotations }: Descriptor): string | undefined {
  return annotations?.[CONTAINERD_NAME] ?? annotations?.[REFERENCE_NAME];
}

/** A word alone may be a tag of anything: without better names, of an image of this machine. */
export function layoutNames(
  written: string | undefined,
  known: readonly string[],
): readonly string[] {
  if (known.length > 0) {
    return wholeNames(known);
  }
  if (written === undefined) {
    return [];
  }
  return wholeNames([/[:/]/.test(written) ? written : `localhost/${written}`]);
}

/** A name that is none is as good as no name: the image can still be named by its id. */
export function wholeNames(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    try {
      return [formatReference(withDefaultTag(parseReference(name)))];
    } catch {
      return [];
    }
  });
}

/** An image once, with all its names. */
export function merged(images: readonly ArchiveImage[]): readonly ArchiveImage[] {
  const byDigest = new Map<string, ArchiveImage>();
  for (const { descriptor, names } of images) {
    const known = byDigest.get(descriptor.digest);
    const all = [...new Set([...(known?.names ?? []), ...names])];
    byDigest.set(descriptor.digest, { descriptor: known?.descriptor ?? descriptor, names: all });
  }
  return [...byDigest.values()];
}

export function withoutNames(descriptor: Descriptor): Descriptor {
  const { annotations = {}, ...bare } = descriptor;
  const { [REFERENCE_NAME]: _, [CONTAINERD_NAME]: __, ...others } = annotations;
  return Object.keys(others).length === 0 ? bare : { ...bare, annotations: others };
}
