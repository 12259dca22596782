// The words of --mount: KEY=VALUE or KEY, with commas between. Docker's and podman's names mean the same.

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
  rw: "readwrite",
  readwrite: "readwrite",
  uid: "uid",
  gid: "gid",
  mode: "mode",
  max: "max",
};

export function mountFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(",")) {
    const [key = "", ...value] = part.split("=");
    const name = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (name === undefined) {
      throw badValue("mount", text, `it has the unknown key ${quote(key)}`);
    }
    fields.set(name, value.join("="));
  }
  return fields;
}
