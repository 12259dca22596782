// The words of --mount: KEY=VALUE or KEY, with commas between; in quotation marks where a comma is part of one, as
// docker and podman read them. Their names mean the same.

import { quote } from "../../error/ocicat-error.ts";
import { badValue } from "./bad-value.ts";

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
  "volume-nocopy": "volume-nocopy",
  "bind-propagation": "bind-propagation",
  idmap: "idmap",
  subpath: "subpath",
  "image-subpath": "subpath",
  "volume-subpath": "subpath",
  rw: "readwrite",
  readwrite: "readwrite",
  uid: "uid",
  gid: "gid",
  mode: "mode",
  max: "max",
};

const EVERYWHERE = ["type", "target", "readonly", "readwrite"];
const OF_A_TERMINAL = ["source", "uid", "gid", "mode", "max"];

/** What a mount of a type can be told. */
const BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  bind: ["source", "bind-propagation", "idmap"],
  volume: ["source", "volume-nocopy", "subpath"],
  tmpfs: ["size", "mode"],
  image: ["source", "subpath"],
  devpts: OF_A_TERMINAL,
  ramfs: OF_A_TERMINAL,
};

/** Asked of Docker Desktop: a Linux host has nothing to choose. */
const IGNORED = "consistency";

export function mountFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const words = new Map<string, string>();
  for (const part of fieldsOf(text)) {
    const [key = "", ...value] = part.split("=");
    if (key === IGNORED) {
      continue;
    }
    const name = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (name === undefined) {
      throw badValue("mount", text, `it has the unknown key ${quote(key)}`);
    }
    fields.set(name, value.join("="));
    words.set(name, key);
  }
  requireFit(text, fields.get("type") ?? "volume", words);
  return fields;
}

/** `words`: as they were written, by the names in KEYS. */
function requireFit(text: string, type: string, words: ReadonlyMap<string, string>): void {
  const fit = Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  for (const [name, word] of fit === undefined ? [] : words) {
    if (!EVERYWHERE.includes(name) && !fit?.includes(name)) {
      throw badValue("mount", text, `${word} says nothing of a mount of type ${type}`);
    }
  }
}

/** Of a line of CSV. */
function fieldsOf(text: string): string[] {
  const parts: string[] = text.match(/"(?:[^"]|"")*"|[^,]+/g) ?? [""];
  return parts.map((part) =>
    part.startsWith('"') ? part.replaceAll(/^"|"$/g, "").replaceAll('""', '"') : part,
  );
}
