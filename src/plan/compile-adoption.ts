// The program of a holder that takes over a container whose own was killed: everything that it needs is
// open by then.

import type { Architecture } from "../abi/architecture.ts";
import { PR_SET_DUMPABLE } from "../abi/process.ts";
import { named, offsetOf, ProgramBuilder, REPORT_REGISTER } from "../program/builder.ts";
import type { HoldRequest } from "../program/hold-request.ts";
import type { Program } from "../program/program.ts";
import { becomeHolder, holdRequest, holdToTheEnd } from "./hold.ts";
import type { HoldEnd } from "./request.ts";

export interface AdoptionRequest {
  readonly architecture: Architecture;
  /** A terminal was lost with the holder that had it: then there are no streams. */
  readonly held: HoldRequest & Pick<HoldEnd, "onExit" | "supervisor">;
}

/** It waits for a message before it does anything; without one it ends. */
export function compileAdoption({ architecture, held }: AdoptionRequest): Program {
  const program = new ProgramBuilder(architecture);
  program.because("adoption");
  program.control("receive", [REPORT_REGISTER, offsetOf(program.space(8, "message")), 8]);
  becomeHolder(program);
  program.call("prctl", [named(PR_SET_DUMPABLE, "SET_DUMPABLE"), 0, 0, 0, 0]);
  holdToTheEnd(program, holdRequest(program, held), held);
  return program.finish();
}
