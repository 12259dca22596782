// The names that a user could mean, fast: a shell asks for them while somebody waits with a finger on the
// keyboard. Where there is nothing yet nothing is made.

import { stat } from "../sys/file.ts";
import { eachReadable } from "./containers/stored-container.ts";
import { isPod } from "./pods/pod-record.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "./surroundings.ts";

export type CompletedKind = "container" | "pod" | "image" | "volume" | "secret";

/** In order. */
export async function listNames(
  kind: CompletedKind,
  options: SurroundingsOptions,
): Promise<readonly string[]> {
  const { storeRoot } = await readSurroundings(options);
  const names = stat(storeRoot) === undefined ? [] : await LISTS[kind](storeRoot, options);
  return names.toSorted();
}

type ListOfNames = (storeRoot: string, options: SurroundingsOptions) => Promise<readonly string[]>;

const LISTS: Readonly<Record<CompletedKind, ListOfNames>> = {
  container: async (_storeRoot, options) => namesOf(await readSurroundings(options), false),
  pod: async (_storeRoot, options) => namesOf(await readSurroundings(options), true),
  image: async (_storeRoot, options) => {
    const { openImages } = await import("./images/image-session.ts");
    const { familiarName } = await import("./images/shown-names.ts");
    using session = await openImages(options);
    const { store, defaultDomain } = session;
    return store.names().flatMap(({ name }) => {
      return name === undefined ? [] : [familiarName(name, defaultDomain)];
    });
  },
  volume: async (storeRoot) => {
    const { openVolumesIfAny } = await import("./volumes/volume-store.ts");
    using volumes = openVolumesIfAny(storeRoot, "shared");
    return volumes?.list().map(({ name }) => name) ?? [];
  },
  secret: async (storeRoot) => {
    const { listSecretNames } = await import("./secrets/secret-store.ts");
    return listSecretNames(storeRoot);
  },
};

/** Of pods, or of all other containers. */
function namesOf(surroundings: Surroundings, ofPods: boolean): readonly string[] {
  const records = eachReadable(surroundings, ({ record }) => record);
  return records.filter((record) => isPod(record) === ofPods).map(({ name }) => name);
}
