// Which containers run.

import { OcicatError } from "../../error/ocicat-error.ts";
import { listContainers } from "../../runtime/list.ts";
import { stat } from "../../sys/file.ts";
import type { Surroundings } from "../surroundings.ts";

/** Their names. Where there is no folder for running containers, none does. */
export function runningContainers(surroundings: Surroundings): ReadonlySet<string> {
  const folder = stateRootOf(surroundings);
  const containers =
    folder === undefined || stat(folder) === undefined ? [] : listContainers(folder);
  return new Set(containers.filter(({ status }) => status !== "stopped").map(({ id }) => id));
}

function stateRootOf(surroundings: Surroundings): string | undefined {
  try {
    return surroundings.containerStateRoot;
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}
