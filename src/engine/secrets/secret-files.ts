// The files by which containers that run have their secrets: place-secrets.ts draws them.

import { O_RDONLY } from "../../abi/file.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, stat } from "../../sys/file.ts";

/** A folder of STATE ROOT. */
export const SECRET_FILES = ".secrets";

/** Of a container that has ended, or did not come to run. */
export function removeSecretFiles(stateRoot: string, id: string): void {
  const path = `${stateRoot}/${SECRET_FILES}`;
  if (stat(`${path}/${id}`) !== undefined) {
    using folder = new OwnedFd(open(path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
    removeTree(folder.number, id);
  }
}
