// A holder that is not to end with the systemd unit that this process is in.

import { giveHolderItsScope } from "../cgroup/holder-scope.ts";
import { readProcessStat } from "../sys/process.ts";

export interface OwnScope {
  /** What is held goes on all the same. */
  readonly onRefusal: (error: unknown) => void;
}

/** `id`: of what it holds. */
export function placeHolder(holderPid: number, id: string, ownScope: OwnScope | undefined): void {
  try {
    if (ownScope !== undefined) {
      giveHolderItsScope(holderPid, id);
    }
  } catch (error) {
    // systemd cannot move what has ended.
    if (readProcessStat(holderPid)?.state !== "Z") {
      ownScope?.onRefusal(error);
    }
  }
}
