// The ids of a user namespace that is given by a path.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { stat } from "../../sys/file.ts";
import type { ChosenUsers } from "../run-options.ts";
import type { IdMaps } from "../run-spec.ts";
import { readIdMaps } from "./read-id-maps.ts";

/** Undefined: it is ours. Throws "not-found". */
export function mapsOfPath(path: string): IdMaps | undefined {
  const inode = stat(path)?.inode;
  if (inode === undefined) {
    throw new OcicatError("not-found", {
      operation: "join",
      subject: `the user namespace of ${quote(path)}`,
      reason: "no such file or directory",
    });
  }
  return inode === stat("/proc/self/ns/user")?.inode ? undefined : readIdMaps(path);
}

/** For a namespace that a path leads to: it may be another one by now. */
export function requireSameMaps(path: string, users: ChosenUsers): void {
  const now = mapsOfPath(path);
  const words = (maps: IdMaps | undefined): string => JSON.stringify([maps?.uid, maps?.gid]);
  if (words(now) !== words(users)) {
    throw new OcicatError("wrong-state", {
      operation: "join",
      subject: `the user namespace of ${quote(path)}`,
      reason: "it has other ids than when the container was created",
      hint: "its files are for those: create the container again",
    });
  }
}
