// container prune: removes the containers that do not run, and what killed commands have left of others.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { recordPrune } from "../events/record-prune.ts";
import { parseMoment } from "../images/moment.ts";
import { hasLabel } from "../labels.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { removeContainer } from "./container-operations.ts";
import type { ContainerRecord } from "./container-record.ts";
import { isLive } from "./container-status.ts";
import { listContainers } from "./list-containers.ts";
import { labelsOf } from "./recorded-image.ts";
import { openContainer } from "./stored-container.ts";
import { sweepContainers } from "./sweep-containers.ts";
import { writtenBytes } from "./written-bytes.ts";

export interface PruneContainersOptions extends SurroundingsOptions {
  /** "until=TIME", created before it; "label=KEY[=VALUE]" and "label!=...", of which all have to hold. */
  readonly filters: readonly string[];
}

export interface PrunedContainers {
  readonly ids: readonly string[];
  readonly freedBytes: number;
}

export async function pruneContainers(options: PruneContainersOptions): Promise<PrunedContainers> {
  const conditions = options.filters.map((filter) => parseCondition(filter, Date.now()));
  const listed = await listContainers({ ...options, filters: [], all: true });
  const ids: string[] = [];
  let freedBytes = 0;
  for (const { record, status } of listed) {
    if (isLive(status) || !conditions.every((holds) => holds(record))) {
      continue;
    }
    const bytes = await tryRemove(record.id, options);
    if (bytes !== undefined) {
      ids.push(record.id);
      freedBytes += bytes;
    }
  }
  const surroundings = await readSurroundings(options);
  const swept = await sweepContainers(surroundings);
  recordPrune(surroundings, "container", freedBytes + swept.freedBytes);
  return { ids: [...ids, ...swept.ids], freedBytes: freedBytes + swept.freedBytes };
}

/** Undefined: somebody has removed or started it meanwhile. */
async function tryRemove(id: string, options: SurroundingsOptions): Promise<number | undefined> {
  try {
    const bytes = await bytesOf(id, options);
    await removeContainer(id, options);
    return bytes;
  } catch (error) {
    const isOther =
      error instanceof OcicatError && (error.code === "not-found" || error.code === "wrong-state");
    if (!isOther) {
      throw error;
    }
    return undefined;
  }
}

async function bytesOf(id: string, options: SurroundingsOptions): Promise<number> {
  using container = await openContainer(id, options);
  return writtenBytes(container.folder.fd);
}

type Condition = (record: ContainerRecord) => boolean;

function parseCondition(filter: string, nowMs: number): Condition {
  const match = /^(until|label!?)=(.+)$/s.exec(filter);
  const [, key, value = ""] = match ?? [];
  if (key === "until") {
    const limit = parseMoment(value, nowMs);
    if (limit === undefined) {
      throw badFilter(filter, "it is neither a time nor a duration such as 24h");
    }
    return ({ created }) => Date.parse(created) < limit;
  }
  if (key === undefined) {
    throw badFilter(filter, "it is none of until=TIME, label=KEY[=VALUE] and label!=KEY[=VALUE]");
  }
  const wanted = key === "label";
  return (record) => hasLabel(labelsOf(record), value) === wanted;
}

function badFilter(filter: string, reason: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: `the filter ${quote(filter)}`,
    reason,
  });
}
