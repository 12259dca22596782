// Flags that say where the engine's folders are.

import type { SurroundingsOptions } from "../../engine/surroundings.ts";
import { absolutePath } from "../absolute-path.ts";
import { writeWarning } from "../terminal/write-warning.ts";

export const PLACE_FLAGS = {
  store: { kind: "text", value: "DIR", help: "folder of images and containers" },
  root: { kind: "text", value: "DIR", help: "folder for the state of what runs" },
} as const;

export function placeOptions(flags: {
  text(name: keyof typeof PLACE_FLAGS): string | undefined;
}): SurroundingsOptions {
  const store = flags.text("store");
  const root = flags.text("root");
  return {
    storeRoot: store === undefined ? undefined : absolutePath(store),
    stateRoot: root === undefined ? undefined : absolutePath(root),
    onWarning: writeWarning,
  };
}
