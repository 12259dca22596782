// Names that a mistyped one may have been meant to be.

import { wordDistance } from "../../error/similar-words.ts";

const MOST = 3;
/** Letters that may differ. */
const FARTHEST = 2;

/** At most three of `known`, the closest first. A tag that was left out or is another one counts little. */
export function similarNames(text: string, known: readonly string[]): readonly string[] {
  return [...new Set(known)]
    .map((name) => ({ name, distance: distanceBetween(text, name) }))
    .filter(({ distance }) => distance <= Math.min(FARTHEST, text.length - 1))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, MOST)
    .map(({ name }) => name);
}

function distanceBetween(text: string, name: string): number {
  const wanted = repositoryOf(text);
  const repository = repositoryOf(name);
  const last = repository.slice(repository.lastIndexOf("/") + 1);
  return Math.min(
    wordDistance(text, name),
    wordDistance(wanted, repository),
    wanted === last ? 1 : Number.POSITIVE_INFINITY,
  );
}

function repositoryOf(name: string): string {
  return name.replace(/[:@][^/]*$/, "");
}
