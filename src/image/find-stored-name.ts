// Which entry of the store's index.json a name means.

import { OcicatError } from "../error/ocicat-error.ts";
import {
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from "../oci/reference.ts";
import type { EntryTest, NamedDescriptor } from "./content/name-index.ts";

/**
 * By the whole name; by the name as it stands, which other programs may have given; by repository and
 * digest. Undefined: no name means it. `defaultDomain`: "docker.io" when absent.
 */
export function findStoredName<Entry extends NamedDescriptor>(
  names: readonly Entry[],
  text: string,
  defaultDomain?: string,
): Entry | undefined {
  const reference = tryParse(text, defaultDomain);
  const whole = reference === undefined ? text : formatReference(withDefaultTag(reference));
  const byName =
    names.find(({ name }) => name === whole) ?? names.find(({ name }) => name === text);
  if (byName !== undefined || reference?.digest === undefined) {
    return byName;
  }
  return names.find((each) => isOfRepository(each, reference));
}

/** Lets those entries through that findStoredName may find. */
export function couldBeNamed(text: string, defaultDomain?: string): EntryTest {
  const reference = tryParse(text, defaultDomain);
  const whole = reference === undefined ? text : formatReference(withDefaultTag(reference));
  const wanted = reference?.digest;
  return (name, digest) =>
    name === whole || name === text || (wanted !== undefined && digest === wanted);
}

/** A digest says all: a tag beside it is not looked at. */
function isOfRepository({ name, descriptor }: NamedDescriptor, wanted: ImageReference): boolean {
  if (descriptor.digest !== wanted.digest || name === undefined) {
    return false;
  }
  const { domain, path } = tryParse(name, undefined) ?? {};
  return domain === wanted.domain && path === wanted.path;
}

function tryParse(text: string, defaultDomain: string | undefined): ImageReference | undefined {
  try {
    return parseReference(text, defaultDomain === undefined ? {} : { defaultDomain });
  } catch (error) {
    if (error instanceof OcicatError && error.code === "invalid-argument") {
      return undefined;
    }
    throw error;
  }
}
