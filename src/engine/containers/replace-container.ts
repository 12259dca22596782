// --replace: the container that has a name makes room for another one.

import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { checkContainerName, idOfName } from "./container-names.ts";
import { removeContainer } from "./container-operations.ts";

/** By its whole name: a beginning of another one's id is not meant. Nothing where there is none. */
export async function removeNamed(name: string, options: SurroundingsOptions): Promise<void> {
  checkContainerName(name);
  const { storeRoot } = await readSurroundings(options);
  const id = idOfName(storeRoot, name);
  if (id !== undefined) {
    await removeContainer(id, { ...options, force: true });
  }
}
