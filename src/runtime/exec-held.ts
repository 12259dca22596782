// exec of a process whose stage stays as its holder: pipes or terminal, attached clients, exit record.

import type { HoldEnd } from "../plan/request.ts";
import { type ExecOptions, execute } from "./exec.ts";
import { type OwnScope, placeHolder } from "./place-holder.ts";

export interface HeldExecOptions extends ExecOptions, Omit<HoldEnd, "kind"> {
  /** Its id, for a scope of its own. Absent: it may end with the systemd unit that this process is in. */
  readonly ownScope?: OwnScope & { readonly execId: string };
}

export interface HeldProcess {
  readonly pid: number;
  /** Our child: ends when the process has ended and every client knows. */
  readonly holderPid: number;
}

/** When the promise is fulfilled the process runs, kept by the holder. */
export async function execHeld(options: HeldExecOptions): Promise<HeldProcess> {
  const { pid, stagePid } = await execute(options, { ...options, kind: "hold" });
  placeHolder(stagePid, options.ownScope?.execId ?? "", options.ownScope);
  return { pid, holderPid: stagePid };
}
