// Which containers rely on others: they join their namespaces, or start them before themselves.

import { isPod } from "../pods/pod-record.ts";
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

interface Needing {
  readonly id: string;
  readonly word: string;
  /** IDs. */
  readonly needed: readonly string[];
}

/** These words, each behind those of them that it relies on, and else as they are. For who starts them. */
export async function neededFirst(
  words: readonly string[],
  options: SurroundingsOptions,
): Promise<readonly string[]> {
  const surroundings = await readSurroundings(options);
  const needs = new Map(
    eachReadable(surroundings, ({ record }) => [record.id, neededBy(record)] as const),
  );
  const all = words.map((word): Needing => {
    const id = tryFindContainerId(surroundings.storeRoot, word) ?? word;
    return { id, word, needed: needs.get(id) ?? [] };
  });
  return inOrder(all);
}

/** The names of these, of pods the ids: each behind those that it relies on, else the oldest first. */
export function bootOrder(records: readonly ContainerRecord[]): readonly string[] {
  const byAge = records.toSorted((one, other) => (one.created < other.created ? -1 : 1));
  const all = byAge.map((record) => ({
    id: record.id,
    word: isPod(record) ? record.id : record.name,
    needed: neededBy(record),
  }));
  return inOrder(all);
}

function inOrder(all: readonly Needing[]): readonly string[] {
  const ordered = new Set<Needing>();
  const begun = new Set<Needing>();
  const add = (each: Needing): void => {
    // Containers may need each other.
    if (begun.has(each)) {
      return;
    }
    begun.add(each);
    all.filter(({ id }) => each.needed.includes(id)).forEach(add);
    ordered.add(each);
  };
  all.forEach(add);
  return [...ordered].map(({ word }) => word);
}

function neededBy({ options }: ContainerRecord): readonly string[] {
  const { network, namespaces = {}, users, requires = [] } = options;
  const joined = users?.kind === "join" ? users.namespace : undefined;
  const kept = users?.kind === "maps" ? users.joins : undefined;
  const modes = [network, ...Object.values(namespaces), joined, kept];
  const containers = modes.flatMap((mode) => /^container:(.+)$/.exec(mode ?? "")?.[1] ?? []);
  return [...containers, ...requires];
}
