// Reads `uidMappings` and `gidMappings`, of a user namespace or of a mount: user_namespaces(7).

import type { Fields } from "./fields.ts";
import { UINT32_MAX } from "./ranges.ts";

/** The kernel's UID_GID_MAP_MAX_EXTENTS. */
const MAPPINGS_MAX = 340;

interface Mapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

/** True when the list is there and not empty. */
export function checkIdMappings(owner: Fields, name: "uidMappings" | "gidMappings"): boolean {
  const mappings: Mapping[] = [];
  let count = 0;
  owner.objects(name, (fields) => {
    count += 1;
    const mapping = readMapping(fields);
    if (mapping !== undefined && mappings.length < MAPPINGS_MAX) {
      checkOverlap(fields, mapping, mappings);
      mappings.push(mapping);
    }
  });
  if (count > MAPPINGS_MAX) {
    owner.fault(name, `has ${count} entries, more than ${MAPPINGS_MAX}`);
  }
  return count > 0;
}

function readMapping(fields: Fields): Mapping | undefined {
  fields.required("containerID", "hostID", "size");
  const containerID = fields.integer("containerID", 0, UINT32_MAX);
  const hostID = fields.integer("hostID", 0, UINT32_MAX);
  const size = fields.integer("size", 1, UINT32_MAX);
  if (containerID === undefined || hostID === undefined || size === undefined) {
    return undefined;
  }
  // The id 4294967295 stands for "no id" and cannot be mapped.
  if (containerID + size > UINT32_MAX || hostID + size > UINT32_MAX) {
    fields.fault("size", `${size} ids reach beyond 4294967294`);
    return undefined;
  }
  return { containerID, hostID, size };
}

function checkOverlap(fields: Fields, mapping: Mapping, earlier: readonly Mapping[]): void {
  for (const other of earlier) {
    if (overlaps(mapping.containerID, mapping.size, other.containerID, other.size)) {
      fields.fault("containerID", `overlaps the mapping of ${other.containerID}`);
    }
    if (overlaps(mapping.hostID, mapping.size, other.hostID, other.size)) {
      fields.fault("hostID", `overlaps the mapping to ${other.hostID}`);
    }
  }
}

function overlaps(start: number, size: number, otherStart: number, otherSize: number): boolean {
  return start < otherStart + otherSize && otherStart < start + size;
}
