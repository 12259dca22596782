// The programs of a holder that takes over a container whose own was killed, and of one that takes over what
// comes after its end. Everything that they need is open by then.

import type { Architecture } from "../abi/architecture.ts";
import { PR_SET_DUMPABLE } from "../abi/process.ts";
import { named, offsetOf, ProgramBuilder, REPORT_REGISTER } from "../program/builder.ts";
import type { Program } from "../program/program.ts";
import { becomeHolder, executeAtEnd, holdRequest, holdToTheEnd, type KnownHold } from "./hold.ts";
import type { ExitCommand, HoldEnd } from "./request.ts";

export interface AdoptionRequest {
  readonly architecture: Architecture;
  /** A terminal was lost with the holder that had it: then there are no streams. */
  readonly held: KnownHold & Pick<HoldEnd, "removedPaths">;
}

/** It waits for a message before it does anything; without one it ends. */
export function compileAdoption({ architecture, held }: AdoptionRequest): Program {
  const program = new ProgramBuilder(architecture);
  program.because("adoption");
  program.control("receive", [REPORT_REGISTER, offsetOf(program.space(8, "message")), 8]);
  becomeHolder(program, held);
  program.call("prctl", [named(PR_SET_DUMPABLE, "SET_DUMPABLE"), 0, 0, 0, 0]);
  holdToTheEnd(program, holdRequest(program, held), held);
  return program.finish();
}

/** Of a holder that was killed when its container had ended, or of what it had executed. */
export function compileLastDuty(architecture: Architecture, onExit: ExitCommand): Program {
  const program = new ProgramBuilder(architecture);
  program.because("last duty");
  becomeHolder(program, {});
  program.call("close", [REPORT_REGISTER]);
  program.call("close_range", [0, 2, 0]);
  executeAtEnd(program, onExit);
  program.control("exit", [0]);
  return program.finish();
}
