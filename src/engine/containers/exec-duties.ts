// What the holder of an exec does beside keeping the process; the one that follows it does the same.

import type { HoldEnd } from "../../plan/request.ts";
import { OUTPUT_FIFO_NAMES } from "../../runtime/output-fifos.ts";
import type { ExecFolder } from "./exec-folder.ts";

type Duties = Pick<HoldEnd, "directoryFd" | "isRecordBrief" | "removedPaths">;

export function execDuties({ fd, path, socketPath }: ExecFolder): Required<Duties> {
  const fifos = OUTPUT_FIFO_NAMES.map((name) => `${path}/${name}`);
  return { directoryFd: fd, isRecordBrief: true, removedPaths: [socketPath, ...fifos] };
}
