// exec of a process whose stage stays as its holder: pipes or terminal, attached clients, exit record.

import type { HoldEnd } from "../plan/request.ts";
import { type ExecOptions, execute } from "./exec.ts";
import { holdEnd } from "./hold-end.ts";

export interface HeldExecOptions extends ExecOptions, Omit<HoldEnd, "kind"> {}

export interface HeldProcess {
  readonly pid: number;
  /** Our child: ends when the process has ended and every client knows. */
  readonly holderPid: number;
}

/** When the promise is fulfilled the process runs, kept by the holder. */
export async function execHeld(options: HeldExecOptions): Promise<HeldProcess> {
  const { pid, stagePid } = await execute(options, holdEnd(options));
  return { pid, holderPid: stagePid };
}
