// The flags of `push` and `manifest push` about the form in which an image goes.

import type { PushForm } from "../../engine/images/push-images.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { badValue } from "../run/bad-value.ts";
import { choiceOf } from "./choice-flag.ts";
import { levelOf } from "./level-flag.ts";

export const FORM_FLAGS = {
  "compression-format": { kind: "text", value: "KIND", help: "of the layers: gzip, zstd or none" },
  "compression-level": {
    kind: "text",
    value: "NUMBER",
    help: "compress all layers again, so much",
  },
  "force-compression": { kind: "switch", help: "for podman's sake: what is asked for is done" },
  format: {
    kind: "text",
    aliases: ["f"],
    value: "FORMAT",
    help: "of the documents: oci or docker, also called v2s2",
  },
} as const satisfies FlagTable;

/** Undefined: byte for byte as it is in the store. Docker's documents have no name for zstd. */
export function pushForm(flags: FlagsOf<typeof FORM_FLAGS>): PushForm | undefined {
  const kinds = ["gzip", "zstd", "none"] as const;
  const compression = choiceOf("compression-format", flags.text("compression-format"), kinds);
  const level = levelOf("compression-level", flags.text("compression-level"));
  const format = choiceOf("format", flags.text("format"), ["oci", "docker", "v2s2"]);
  const asked = format === "v2s2" ? "docker" : format;
  const mediaTypes = asked ?? (compression === "zstd" ? "oci" : undefined);
  if (flags.switch("force-compression") && compression === undefined) {
    throw badValue("force-compression", "true", "it needs --compression-format");
  }
  if (compression === undefined && level === undefined && mediaTypes === undefined) {
    return undefined;
  }
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(level === undefined ? {} : { level }),
    ...(mediaTypes === undefined ? {} : { mediaTypes }),
  };
}
