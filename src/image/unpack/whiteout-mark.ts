// Whiteouts in an archive (image-spec layer.md):
//
//   DIR/.wh.NAME         NAME of the layers below is gone
//   DIR/.wh..wh..opq     all of DIR of the layers below is gone
//   DIR/.wh..wh.OTHER    bookkeeping of aufs

import type { TarEntry } from "../tar/entry.ts";
import { refusedEntry } from "./entry-error.ts";

export const WHITEOUT_PREFIX = ".wh.";
const AUFS_PREFIX = ".wh..wh.";
const OPAQUE_MARK = ".wh..wh..opq";

export type WhiteoutMark = "bookkeeping" | "opaque" | { readonly hides: string };

/** Undefined: an ordinary entry. `components` are those of its path, cleaned. */
export function whiteoutMark(
  components: readonly string[],
  entry: TarEntry,
): WhiteoutMark | undefined {
  if (!components.some((component) => component.startsWith(WHITEOUT_PREFIX))) {
    return undefined;
  }
  const name = components.at(-1) ?? "";
  if (components.some((component) => component.startsWith(AUFS_PREFIX)) && name !== OPAQUE_MARK) {
    return "bookkeeping";
  }
  const above = components.slice(0, -1);
  if (above.some((component) => component.startsWith(WHITEOUT_PREFIX))) {
    throw refusedEntry(entry, `a directory's name begins with ${WHITEOUT_PREFIX}`);
  }
  if (name === OPAQUE_MARK) {
    return "opaque";
  }
  const hides = name.slice(WHITEOUT_PREFIX.length);
  if (hides === "" || hides === "." || hides === "..") {
    throw refusedEntry(entry, "it hides nothing that could exist");
  }
  return { hides };
}
