// Loads the compiled seccomp filter.

import { named, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import type { SeccompFacts } from "./host-facts.ts";

const SECCOMP_SET_MODE_FILTER = 1;
const FILTER_INSTRUCTION_BYTES = 8;

/**
 * struct sock_fprog: length u16, filter pointer. The register holds the notify descriptor where the
 * profile asks for one.
 */
export function loadSeccomp(program: ProgramBuilder, seccomp: SeccompFacts): Register {
  program.because("linux.seccomp");
  const length = seccomp.filter.length / FILTER_INSTRUCTION_BYTES;
  const filter = program.structure(seccomp.filter, "filter");
  const content = new Uint32Array([length, 0, 0, 0]);
  const text = `${length} instructions`;
  const description = program.structure(content, text, new Map([[2, filter]]));
  const mode = named(SECCOMP_SET_MODE_FILTER, "SET_MODE_FILTER");
  return program.call("seccomp", [mode, seccomp.flags, description], {
    describes: "load the seccomp filter",
    ...(seccomp.notifies ? { result: "listener" } : {}),
  });
}
