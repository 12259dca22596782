// Where the persistent state of ocicat lives when the user does not say: the folder whose layout
// layout.ts draws.

import { OcicatError } from "../error/ocicat-error.ts";

export interface StoreEnvironment {
  readonly effectiveUid: number;
  readonly HOME?: string | undefined;
  readonly XDG_DATA_HOME?: string | undefined;
}

export function defaultStoreRoot({ effectiveUid, HOME, XDG_DATA_HOME }: StoreEnvironment): string {
  if (effectiveUid === 0) {
    return "/var/lib/ocicat";
  }
  // The XDG specification has programs ignore relative paths.
  if (XDG_DATA_HOME?.startsWith("/") === true) {
    return `${XDG_DATA_HOME}/ocicat`;
  }
  if (HOME?.startsWith("/") === true) {
    return `${HOME}/.local/share/ocicat`;
  }
  throw new OcicatError("invalid-argument", {
    operation: "find",
    subject: "the store",
    reason: "neither XDG_DATA_HOME nor HOME is an absolute path",
    hint: "give its folder with --store",
  });
}
