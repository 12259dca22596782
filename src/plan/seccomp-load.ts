// Loads the compiled seccomp filter.

import { named, type ProgramBuilder } from "../program/builder.ts";
import type { SeccompFacts } from "./host-facts.ts";

const SECCOMP_SET_MODE_FILTER = 1;
const FILTER_INSTRUCTION_BYTES = 8;

/** struct sock_fprog: length u16, filter pointer. A notify descriptor, if any, is close-on-exec. */
export function loadSeccomp(program: ProgramBuilder, seccomp: SeccompFacts): void {
  program.because("linux.seccomp");
  const length = seccomp.filter.length / FILTER_INSTRUCTION_BYTES;
  const filter = program.structure(seccomp.filter, "filter");
  const content = new Uint32Array([length, 0, 0, 0]);
  const text = `${length} instructions`;
  const description = program.structure(content, text, new Map([[2, filter]]));
  const mode = named(SECCOMP_SET_MODE_FILTER, "SET_MODE_FILTER");
  program.call("seccomp", [mode, seccomp.flags, description], {
    describes: "load the seccomp filter",
  });
}
