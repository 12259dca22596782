// The user namespace of another container, or of a path: a container that joins it has its ids, and its files
// are made for these.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { tryOpenById } from "../containers/stored-container.ts";
import { containerIdMaps } from "../id-maps.ts";
import { joinedContainer, namespacePath } from "../run-namespaces.ts";
import type { ChosenUsers, JoinedUsers } from "../run-options.ts";
import type { IdMaps } from "../run-spec.ts";
import type { Surroundings } from "../surroundings.ts";
import { onHost, swapped } from "./nested-ids.ts";
import { mapsOfPath } from "./path-maps.ts";

export interface JoinContext {
  readonly surroundings: Surroundings;
  readonly counted: IdMaps | undefined;
}

/** Undefined: it is the host's. */
export function joinedUsers(
  namespace: JoinedUsers["namespace"],
  { surroundings, counted }: JoinContext,
): ChosenUsers | undefined {
  const id = joinedContainer(namespace);
  const maps =
    id === undefined
      ? mapsOfPath(namespacePath(namespace) ?? "")
      : mapsOfContainer(id, { surroundings, counted });
  if (maps === undefined) {
    return undefined;
  }
  if (counted !== undefined) {
    requireOwn(maps, counted);
  }
  const { uid, gid } = maps;
  return { kind: "maps", uid, gid, joins: namespace };
}

function mapsOfContainer(id: string, { surroundings, counted }: JoinContext): IdMaps | undefined {
  using container = tryOpenById(id, surroundings);
  if (container === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `container ${quote(id.slice(0, 12))}`,
      reason: "it has been removed",
    });
  }
  return containerIdMaps(container.record.options, counted);
}

/** The container's files have to be given to its ids. */
function requireOwn(maps: IdMaps, counted: IdMaps): void {
  onHost(maps.uid, swapped(counted.uid), "user");
  onHost(maps.gid, swapped(counted.gid), "group");
}
