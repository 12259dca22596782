// -v, --mount and --tmpfs.

import type { RunMount } from "../../engine/run-options.ts";
import { badValue } from "./values.ts";

/** SOURCE:TARGET[:OPTIONS]. A relative source begins with "." so that it cannot mean a named volume. */
export function parseVolume(text: string, workingDirectory: string): RunMount {
  const [source = "", destination, options = "", ...more] = text.split(":");
  if (destination === undefined || more.length > 0) {
    throw badValue("volume", text, "it is not of the form SOURCE:TARGET[:ro]");
  }
  return {
    source: hostPath(text, source, workingDirectory),
    destination: insidePath("volume", text, destination),
    readOnly: volumeOptions(text, options).includes("ro"),
  };
}

/** z and Z ask for SELinux labels, which there are none of here. */
const VOLUME_OPTIONS = ["", "ro", "rw", "z", "Z"];

function volumeOptions(text: string, options: string): string[] {
  const words = options.split(",");
  const unknown = words.find((word) => !VOLUME_OPTIONS.includes(word));
  if (unknown !== undefined) {
    throw badValue("volume", text, `the option ${unknown} is not known: ro and rw are`);
  }
  return words;
}

function hostPath(text: string, source: string, workingDirectory: string): string {
  if (source.startsWith("/")) {
    return source;
  }
  if (/^\.{1,2}(\/|$)/.test(source)) {
    return `${workingDirectory}/${source}`;
  }
  throw badValue(
    "volume",
    text,
    "named volumes are not there yet",
    source === "" ? undefined : `for a folder write ./${source}`,
  );
}

function insidePath(flag: string, text: string, path: string): string {
  if (!path.startsWith("/")) {
    throw badValue(flag, text, "the path inside is not absolute");
  }
  return path;
}

/** TARGET[:OPTIONS]. */
export function parseTmpfs(text: string): string {
  insidePath("tmpfs", text, text.split(":", 1)[0] ?? "");
  return text;
}

export type ParsedMount =
  | { readonly kind: "bind"; readonly mount: RunMount }
  | { readonly kind: "tmpfs"; readonly tmpfs: string };

const KEYS: Readonly<Record<string, string>> = {
  type: "type",
  source: "source",
  src: "source",
  target: "target",
  destination: "target",
  dst: "target",
  readonly: "readonly",
  ro: "readonly",
  "tmpfs-size": "size",
  "tmpfs-mode": "mode",
};

/** type=bind,source=/a,target=/b,readonly or type=tmpfs,target=/b,tmpfs-size=64m. */
export function parseMount(text: string, workingDirectory: string): ParsedMount {
  const fields = mountFields(text);
  const destination = insidePath("mount", text, fields.get("target") ?? "");
  const isReadOnly = ["", "true", "1"].includes(fields.get("readonly") ?? "false");
  switch (fields.get("type")) {
    case "bind": {
      const given = fields.get("source") ?? "";
      const source = given.startsWith("/") ? given : `${workingDirectory}/${given}`;
      if (given === "") {
        throw badValue("mount", text, "it has no source");
      }
      return { kind: "bind", mount: { source, destination, readOnly: isReadOnly } };
    }
    case "tmpfs": {
      const data = ["size", "mode"].flatMap((key) =>
        fields.has(key) ? [`${key}=${fields.get(key)}`] : [],
      );
      const options = [...data, ...(isReadOnly ? ["ro"] : [])].join(",");
      return { kind: "tmpfs", tmpfs: options === "" ? destination : `${destination}:${options}` };
    }
    default:
      throw badValue("mount", text, "its type is neither bind nor tmpfs");
  }
}

function mountFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(",")) {
    const [key = "", ...value] = part.split("=");
    const name = KEYS[key];
    if (name === undefined) {
      throw badValue("mount", text, `it has the unknown key ${key}`);
    }
    fields.set(name, value.join("="));
  }
  return fields;
}
