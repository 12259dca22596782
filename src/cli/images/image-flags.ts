// Flags that commands on images have in common, and the options that they make.

import type { ImageOptions } from "../../engine/images/image-session.ts";
import { absolutePath } from "../absolute-path.ts";
import { writeWarning } from "../terminal/write-warning.ts";

export const STORE_FLAG = {
  store: { kind: "text", value: "DIR", help: "folder of images and containers" },
} as const;

export const FORMAT_FLAG = {
  format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
} as const;

export const PLATFORM_FLAG = {
  platform: { kind: "text", value: "OS/ARCH[/VARIANT]", help: "of an image for several platforms" },
} as const;

export function imageOptions(store: string | undefined): ImageOptions {
  return {
    ...(store === undefined ? {} : { storeRoot: absolutePath(store) }),
    onWarning: writeWarning,
  };
}
