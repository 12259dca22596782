// list: every container of a state root.

import { OcicatError } from "../error/ocicat-error.ts";
import { stat } from "../sys/file.ts";
import { type ContainerReport, reportOf } from "./query-state.ts";
import { listContainerIds, StateDirectory } from "./state-directory.ts";

export interface ListedContainer extends ContainerReport {
  /** Who made it. */
  readonly ownerUid: number;
}

/** Sorted by id. One that is deleted meanwhile is left out. */
export function listContainers(stateRoot: string): ListedContainer[] {
  return listContainerIds(stateRoot).flatMap((id) => {
    try {
      using directory = StateDirectory.openUnlocked(stateRoot, id);
      const state = directory.readState();
      return [{ ...reportOf(directory, state), ownerUid: stat(directory.path)?.uid ?? 0 }];
    } catch (error) {
      if (error instanceof OcicatError && error.code === "not-found") {
        return [];
      }
      throw error;
    }
  });
}
