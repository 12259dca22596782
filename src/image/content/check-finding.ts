// What a check of the store can find, and how it says so.

import { quote } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";

export type Finding = FindingKind & {
  /** "damaged": something does not work, or will not. "untidy": it only takes room. */
  readonly severity: "damaged" | "untidy";
  /** What is wrong and what that means, without an end of line. */
  readonly sentence: string;
  /** Done in this check; what it was is in `sentence`. */
  readonly isRepaired: boolean;
};

export type FindingKind =
  /** A file that makes the folder an image layout: oci-layout, index.json. */
  | { readonly kind: "store-file"; readonly name: string; readonly reason: string }
  | { readonly kind: "blob"; readonly digest: Digest; readonly reason: string }
  /** Something that an image needs is missing or damaged. */
  | {
      readonly kind: "image";
      readonly digest: Digest;
      readonly names: readonly string[];
      readonly missing: Digest;
      readonly reason: string;
    }
  /** A file or folder of layers/. */
  | { readonly kind: "layer"; readonly name: string; readonly reason: string }
  /** A file of images/. */
  | { readonly kind: "record"; readonly name: string; readonly reason: string }
  | { readonly kind: "database"; readonly reason: string }
  /** What a killed process left in staging. */
  | { readonly kind: "leftover"; readonly name: string }
  /** The folder of a container that never came to be, or was being removed. */
  | { readonly kind: "container"; readonly id: string }
  /** One whose record is damaged, or of another version: only its user can say whether it is to go. */
  | { readonly kind: "unreadable-container"; readonly id: string; readonly reason: string }
  /** A file that is not of this store. */
  | { readonly kind: "stray"; readonly path: string };

/** A finding and how to mend it; without `repair` only somebody else can. */
export interface Discovery {
  readonly found: FindingKind;
  readonly repair?: () => void | Promise<void>;
}

export function findingOf(found: FindingKind, isRepaired: boolean): Finding {
  const severity = isUntidy(found) ? "untidy" : "damaged";
  return { ...found, severity, sentence: sentenceOf(found), isRepaired };
}

function isUntidy({ kind }: FindingKind): boolean {
  return kind === "leftover" || kind === "stray" || kind === "record" || kind === "container";
}

function sentenceOf(found: FindingKind): string {
  switch (found.kind) {
    case "store-file":
      return `the store's file ${found.name} is wrong: ${found.reason}`;
    case "blob":
      return `the blob ${found.digest} is damaged: ${found.reason}`;
    case "image":
      return `the image ${imageName(found)} is not whole, pull it again: ${found.reason}`;
    case "layer":
      return `the layer ${found.name} is damaged: ${found.reason}`;
    case "record":
      return `the record ${found.name} is of no use: ${found.reason}`;
    case "database":
      return `the database is damaged: ${found.reason}`;
    case "leftover":
      return `a killed process left ${quote(found.name)} in the folder staging`;
    case "container":
      return `a killed command left the folder of the container ${found.id}`;
    case "unreadable-container":
      return (
        `the container ${found.id} is of no use, ` +
        `\`ocicat rm --force ${found.id.slice(0, 12)}\` removes it: ${found.reason}`
      );
    case "stray":
      return `${quote(found.path)} is not of this store`;
  }
}

function imageName({ names, digest }: FindingKind & { readonly kind: "image" }): string {
  return names.length === 0 ? digest : names.join(", ");
}
