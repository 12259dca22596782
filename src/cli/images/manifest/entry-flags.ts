// The flags by which a manifest list says something about one of its images: `manifest annotate`, `manifest add`.

import type { EntryNotes } from "../../../engine/images/manifest-lists.ts";
import { OcicatError, quote } from "../../../error/ocicat-error.ts";
import type { FlagsOf, FlagTable } from "../../flags.ts";

export const ENTRY_FLAGS = {
  annotation: { kind: "list", value: "KEY=VALUE", help: "an annotation" },
  arch: { kind: "text", value: "ARCH", help: "architecture: amd64, arm64" },
  os: { kind: "text", value: "OS", help: "operating system" },
  "os-features": { kind: "list", value: "FEATURE", help: "features of it, separated by commas" },
  "os-version": { kind: "text", value: "VERSION", help: "version of it" },
  variant: { kind: "text", value: "VARIANT", help: "of the architecture: v7" },
} as const satisfies FlagTable;

export const REFUSED_ENTRY_FLAGS = {
  features: { reason: "nothing reads features of a processor", hint: "--variant tells it apart" },
};

type EntryFlags = FlagsOf<typeof ENTRY_FLAGS>;

/** Whether they say anything. */
export function hasEntryNotes(flags: EntryFlags): boolean {
  const names = Object.keys(ENTRY_FLAGS);
  return flags.names.some((name) => names.includes(name));
}

export function entryNotes(flags: EntryFlags): EntryNotes {
  const features = flags.list("os-features").flatMap((text) => text.split(","));
  return {
    os: flags.text("os"),
    architecture: flags.text("arch"),
    variant: flags.text("variant"),
    osVersion: flags.text("os-version"),
    osFeatures: features.length === 0 ? undefined : features,
    annotations: Object.fromEntries(flags.list("annotation").map(annotationOf)),
  };
}

function annotationOf(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--annotation ${quote(text)}`,
      reason: "it is not of the form KEY=VALUE",
    });
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}
