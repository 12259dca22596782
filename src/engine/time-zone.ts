// The time zone of a container: a file of the host's that it sees as its own.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { stat } from "../sys/file.ts";

export const LOCAL_TIME = "/etc/localtime";
const ZONES = "/usr/share/zoneinfo";

/** `zone`: a path below the folder of zones, or "local". */
export function zonePath(zone: string): string {
  return zone === "local" ? LOCAL_TIME : `${ZONES}/${zone}`;
}

/** Throws "not-found" for a zone that the host does not know. */
export function checkZone(zone: string): void {
  if (stat(zonePath(zone)) === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `the time zone ${quote(zone)}`,
      reason: `the host has no ${zonePath(zone)}`,
    });
  }
}
