// Names of images as people see them: "debian" and "12" for docker.io/library/debian:12.

import { formatFamiliar, type ImageReference, parseReference } from "../../oci/reference.ts";

export interface ShownName {
  /** "debian", "quay.io/team/app"; "<none>" without a name. */
  readonly repository: string;
  /** "<none>" for a name that is a digest. */
  readonly tag: string;
}

export const NO_NAME = "<none>";

/** Undefined: what another program wrote into index.json and is no name of ours. */
export function tryParseName(name: string, defaultDomain: string): ImageReference | undefined {
  try {
    return parseReference(name, { defaultDomain });
  } catch {
    return undefined;
  }
}

export function shownName(name: string | undefined, defaultDomain: string): ShownName {
  if (name === undefined) {
    return { repository: NO_NAME, tag: NO_NAME };
  }
  const reference = tryParseName(name, defaultDomain);
  return reference === undefined
    ? { repository: name, tag: NO_NAME }
    : { repository: repositoryOf(reference, defaultDomain), tag: reference.tag ?? NO_NAME };
}

function repositoryOf({ domain, path }: ImageReference, defaultDomain: string): string {
  return formatFamiliar({ domain, path }, { defaultDomain });
}

/** "debian:12", "debian@sha256:..."; the name itself where it is none of ours. */
export function familiarName(name: string, defaultDomain: string): string {
  const reference = tryParseName(name, defaultDomain);
  return reference === undefined ? name : formatFamiliar(reference, { defaultDomain });
}
