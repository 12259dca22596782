// Which containers rely on others: they join their namespaces, or start them before themselves.

import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { tryFindContainerId } from "./container-names.ts";
import type { ContainerRecord } from "./container-record.ts";
import { eachReadable } from "./stored-container.ts";

/**
 * These containers and, before them, the IDs of all that rely on them. A word that is no container's stays
 * in its place.
 */
export async function withDependents(
  words: readonly string[],
  options: SurroundingsOptions,
): Promise<readonly string[]> {
  const surroundings = await readSurroundings(options);
  const needs = eachReadable(surroundings, ({ record }) => ({
    id: record.id,
    needed: neededBy(record),
  }));
  const ordered = new Map<string, string>();
  const add = (id: string, word: string): void => {
    if (ordered.has(id)) {
      return;
    }
    // Before its dependents: containers may need each other.
    ordered.set(id, word);
    for (const dependent of needs.filter(({ needed }) => needed.includes(id))) {
      add(dependent.id, dependent.id);
    }
  };
  for (const word of words) {
    add(tryFindContainerId(surroundings.storeRoot, word) ?? word, word);
  }
  return [...ordered.values()].toReversed();
}

/** Each behind those of them that it relies on, else in the order in which they were made. */
export function neededFirst(records: readonly ContainerRecord[]): readonly ContainerRecord[] {
  const byAge = records.toSorted((one, other) => (one.created < other.created ? -1 : 1));
  const byId = new Map(byAge.map((record) => [record.id, record]));
  const seen = new Set<string>();
  const ordered: ContainerRecord[] = [];
  const add = (record: ContainerRecord | undefined): void => {
    // Containers may need each other.
    if (record === undefined || seen.has(record.id)) {
      return;
    }
    seen.add(record.id);
    for (const id of neededBy(record)) {
      add(byId.get(id));
    }
    ordered.push(record);
  };
  byAge.forEach(add);
  return ordered;
}

function neededBy({ options }: ContainerRecord): readonly string[] {
  const { network, namespaces = {}, users, requires = [] } = options;
  const joined = users?.kind === "join" ? users.namespace : undefined;
  const kept = users?.kind === "maps" ? users.joins : undefined;
  const modes = [network, ...Object.values(namespaces), joined, kept];
  const containers = modes.flatMap((mode) => /^container:(.+)$/.exec(mode ?? "")?.[1] ?? []);
  return [...containers, ...requires];
}
