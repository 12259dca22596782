// The namespaces of other containers that one joins when it starts.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { JoinedNamespaces, namespacePath } from "../run-namespaces.ts";
import type { RunContainerOptions } from "../run-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { ContainerFolder } from "./container-folder.ts";
import { containerStatus } from "./container-status.ts";

/** Throws "wrong-state" where one of them does not run, "not-found" where it is gone. */
export async function joinNamespaces(
  options: RunContainerOptions,
  surroundings: Surroundings,
): Promise<JoinedNamespaces> {
  const { users } = options;
  const path = users?.kind === "maps" ? namespacePath(users.joins ?? "") : undefined;
  if (path !== undefined && users?.kind === "maps") {
    const { requireSameMaps } = await import("../users/path-maps.ts");
    requireSameMaps(path, users);
  }
  return new JoinedNamespaces(options, (id) => pidOf(id, surroundings));
}

function pidOf(id: string, surroundings: Surroundings): number {
  using folder = ContainerFolder.open(surroundings.storeRoot, id);
  const status = containerStatus(folder, surroundings);
  if (status.kind === "running" || status.kind === "paused") {
    return status.pid;
  }
  throw new OcicatError("wrong-state", {
    operation: "join",
    subject: `the namespaces of container ${quote(id.slice(0, 12))}`,
    reason: "it is not running",
    hint: `\`ocicat start ${id.slice(0, 12)}\` starts it`,
  });
}
