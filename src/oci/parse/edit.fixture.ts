// For tests: a copy of the configuration that has every property, changed in some places, and what
// the parser finds wrong with it.

import { OcicatError } from "../../error/ocicat-error.ts";
import { encodeDocument } from "../encode.ts";
import { decodeRuntimeConfig } from "./config.ts";
import { EVERY_PROPERTY } from "./every-property.fixture.ts";

/** As a value of an edit: the property goes. */
export const REMOVED = Symbol("removed");

/** Where, as faults name it (`mounts[0].options`, `annotations["a.b"]`), and what is put there. */
export type Edits = Readonly<Record<string, unknown>>;

/** The configuration's text, which the exact 64-bit numbers need. */
export function editedText(edits: Edits): string {
  const config: unknown = JSON.parse(JSON.stringify(withoutBigints(EVERY_PROPERTY)));
  for (const [path, value] of Object.entries(edits)) {
    set(config, keysOf(path), value);
  }
  return encodeDocument(config);
}

/** Every fault as the error's text has it: `path: reason`. */
export function faultsAfter(edits: Edits): string[] {
  const text = editedText(edits);
  return faultsOf(() => decodeRuntimeConfig(text));
}

/** Of any parser of this folder. It throws if the parser throws anything but its own error. */
export function faultsOf(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof OcicatError && error.code === "invalid-config") {
      return error.faults.map(({ path, reason }) => `${path}: ${reason}`);
    }
    throw error;
  }
  return [];
}

function withoutBigints(value: unknown): unknown {
  return JSON.parse(encodeDocument(value), (_key, inner: unknown) =>
    typeof inner === "number" && inner > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : inner,
  );
}

function set(root: unknown, keys: readonly string[], value: unknown): void {
  let target = root as Record<string, unknown>;
  for (const key of keys.slice(0, -1)) {
    target = target[key] as Record<string, unknown>;
  }
  const last = keys.at(-1) ?? "";
  if (value === REMOVED) {
    delete target[last];
  } else {
    target[last] = value;
  }
}

/** `linux.rdma["a.b"].x[0]` is linux, rdma, a.b, x, 0. */
function keysOf(path: string): readonly string[] {
  const keys: string[] = [];
  for (const [, name, index, quoted] of path.matchAll(
    /([^.[\]"]+)(?=[.[]|$)|\[(\d+)\]|\["([^"]*)"\]/g,
  )) {
    keys.push(name ?? index ?? quoted ?? "");
  }
  return keys;
}
