// --filter of lists of images and of prune: KEY=VALUE each. Values of one key are alternatives, keys are
// conditions; of labels all have to be there.
//
//   dangling=true|false           without a name
//   reference=PATTERN             as path.Match: * and ? stop at a slash
//   label=KEY, label=KEY=VALUE    label!=... the opposite
//   before=IMAGE, since=IMAGE     made before, after another one ("after" is podman's word)
//   until=TIME                    made before a time: 2026-11-29, or a duration ago: 24h
//   containers=true|false         used by a container
//   id=BEGINNING, digest=DIGEST
//   manifest=true|false           a list of images for several platforms
//
// Podman's intermediate and readonly are understood, and true for no image: the store has none such.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { closestWord } from "../../error/similar-words.ts";
import { isBeginningOf } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { formatFamiliar, formatReference } from "../../oci/reference.ts";
import { hasLabel } from "../labels.ts";
import { type Catalog, type CatalogImage, namesOf } from "./catalog.ts";
import { findImage } from "./find-image.ts";
import { globPattern } from "./glob-pattern.ts";
import { parseMoment } from "./moment.ts";
import { tryParseName } from "./shown-names.ts";

export type ImageCondition = (image: CatalogImage) => boolean;

export interface FilterContext {
  readonly catalog: Catalog;
  readonly defaultDomain: string;
  readonly nowMs: number;
}

type MakeCondition = (value: string, context: FilterContext) => ImageCondition;

const FILTERS: Readonly<Record<string, MakeCondition>> = {
  dangling: (value) => {
    const wanted = truthOf("dangling", value);
    return (image) => (namesOf(image).length === 0) === wanted;
  },
  reference: (value, context) => matchesReference(value, context),
  label: labelCondition,
  "label!": (value) => {
    const has = labelCondition(value);
    return (image) => !has(image);
  },
  before: (value, context) => {
    const limit = createdOf(value, context);
    return ({ createdMs = 0 }) => createdMs < limit;
  },
  since: madeAfter,
  after: madeAfter,
  until: (value, { nowMs }) => {
    const limit = parseMoment(value, nowMs);
    if (limit === undefined) {
      throw badFilter(`until=${value}`, "it is neither a time nor a duration such as 24h");
    }
    return ({ createdMs = 0 }) => createdMs < limit;
  },
  containers: (value) => {
    const wanted = truthOf("containers", value);
    return ({ containers }) => containers.length > 0 === wanted;
  },
  id:
    (value) =>
    ({ id }) =>
      isBeginningOf(value, id),
  manifest: (value) => {
    const wanted = truthOf("manifest", value);
    return ({ entries }) =>
      entries.some(({ descriptor }) => isIndexType(descriptor.mediaType)) === wanted;
  },
  intermediate: (value) => trueForNone("intermediate", value),
  readonly: (value) => trueForNone("readonly", value),
  digest: (value) => (image) =>
    image.entries.some(({ descriptor }) => descriptor.digest.startsWith(value)),
};

/** For these every value has to hold: an image has many labels, and one name out of several. */
const ALL_OF = ["label", "label!"];

/** `filters`: KEY=VALUE each. Throws invalid-argument. */
export function imageCondition(filters: readonly string[], context: FilterContext): ImageCondition {
  const byKey = new Map<string, ImageCondition[]>();
  for (const filter of filters) {
    const { key, value } = splitFilter(filter);
    const make = Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    if (make === undefined) {
      const suggestion = closestWord(key, Object.keys(FILTERS));
      const known = Object.keys(FILTERS).filter((each) => !each.endsWith("!"));
      throw badFilter(
        filter,
        `there is no filter ${quote(key)}`,
        suggestion === undefined ? `there are ${known.join(", ")}` : `did you mean ${suggestion}?`,
      );
    }
    byKey.set(key, [...(byKey.get(key) ?? []), make(value, context)]);
  }
  const groups = [...byKey];
  return (image) =>
    groups.every(([key, conditions]) =>
      ALL_OF.includes(key)
        ? conditions.every((holds) => holds(image))
        : conditions.some((holds) => holds(image)),
    );
}

function splitFilter(filter: string): { readonly key: string; readonly value: string } {
  const equals = filter.indexOf("=");
  if (equals < 1) {
    throw badFilter(filter, "it is not of the form KEY=VALUE");
  }
  return { key: filter.slice(0, equals).toLowerCase(), value: filter.slice(equals + 1) };
}

function badFilter(filter: string, reason: string, hint?: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: `--filter ${quote(filter)}`,
    reason,
    ...(hint === undefined ? {} : { hint }),
  });
}

function truthOf(key: string, value: string): boolean {
  if (["true", "1"].includes(value.toLowerCase())) {
    return true;
  }
  if (["false", "0"].includes(value.toLowerCase())) {
    return false;
  }
  throw badFilter(`${key}=${value}`, "it is true or false");
}

function trueForNone(key: string, value: string): ImageCondition {
  const wanted = truthOf(key, value);
  return () => !wanted;
}

function labelCondition(value: string): ImageCondition {
  return ({ facts: { labels } }) => hasLabel(labels, value);
}

function madeAfter(value: string, context: FilterContext): ImageCondition {
  const limit = createdOf(value, context);
  return ({ createdMs = 0 }) => createdMs > limit;
}

function createdOf(text: string, { catalog, defaultDomain }: FilterContext): number {
  return findImage(catalog, text, defaultDomain).image.createdMs ?? 0;
}

/** Against the name as it is shown and as a whole, with its tag and without. */
function matchesReference(pattern: string, { defaultDomain }: FilterContext): ImageCondition {
  const matcher = globPattern(pattern);
  if (matcher === undefined) {
    throw badFilter(`reference=${pattern}`, "a [ has no ]");
  }
  return (image) =>
    namesOf(image).some((name) => {
      const reference = tryParseName(name, defaultDomain);
      if (reference === undefined) {
        return matcher.test(name);
      }
      const { domain, path } = reference;
      const forms = [reference, { domain, path }];
      return forms.some(
        (form) =>
          matcher.test(formatReference(form)) ||
          matcher.test(formatFamiliar(form, { defaultDomain })),
      );
    });
}
