// The container's state, which the runtime sends because only there init's pid is known. Hooks inside
// the container read it, and the agent of a seccomp profile gets it.

import { offsetOf, type ProgramBuilder, REPORT_REGISTER } from "../program/builder.ts";
import type { DataReference, Register } from "../program/program.ts";
import { STATE_LIMIT } from "./reports.ts";

export interface ReceivedState {
  readonly content: DataReference;
  /** In bytes. */
  readonly length: Register;
}

/** Room for a state that is received, perhaps several times, later. */
export function stateRoom(program: ProgramBuilder): ReceivedState {
  return {
    content: program.space(STATE_LIMIT, "state"),
    length: program.register("stateLength"),
  };
}

export function receiveInto(program: ProgramBuilder, state: ReceivedState): void {
  const args = [REPORT_REGISTER, offsetOf(state.content), STATE_LIMIT];
  program.controlInto(state.length, "receive", args);
}

export function receiveState(program: ProgramBuilder): ReceivedState {
  const state = stateRoom(program);
  receiveInto(program, state);
  return state;
}
