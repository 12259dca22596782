// What the holder of an exec does beside keeping the process; the one that follows it does the same.

import type { HoldEnd } from "../../plan/request.ts";
import { OUTPUT_FIFO_NAMES } from "../../runtime/output-fifos.ts";
import { ownShortCommand, quickEnvironment } from "../own-command.ts";
import type { Surroundings } from "../surroundings.ts";
import type { ExecFolder } from "./exec-folder.ts";

type Duties = Pick<HoldEnd, "directoryFd" | "isRecordBrief" | "removedPaths" | "onExit">;

interface ExecOwner {
  readonly surroundings: Surroundings;
  /** The container's id. */
  readonly container: string;
  /** The first client records the event of the end, if it is there by then. */
  readonly isEndTold: boolean;
}

export function execDuties(
  { fd, id, path, socketPath }: ExecFolder,
  { surroundings: { storeRoot, stateRoot }, container, isEndTold }: ExecOwner,
): Required<Duties> {
  const fifos = OUTPUT_FIFO_NAMES.map((name) => `${path}/${name}`);
  const place = ["--store", storeRoot, "--root", stateRoot];
  return {
    directoryFd: fd,
    isRecordBrief: true,
    removedPaths: [socketPath, ...fifos],
    onExit: {
      command: [...ownShortCommand(), "container-ended", ...place, "--exec", id, container],
      environment: quickEnvironment(),
      isLeftToPrimary: isEndTold,
    },
  };
}
