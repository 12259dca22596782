// The program that asks a port of a container: it joins the container's network and executes one of our own
// programs there, which has nothing else of the container.

import type { Architecture } from "../abi/architecture.ts";
import { CLONE_NEWNET, CLONE_NEWUSER } from "../abi/process.ts";
import { flags, ProgramBuilder } from "../program/builder.ts";
import type { Program } from "../program/program.ts";
import { CLONE_NAMES } from "./flag-names.ts";

export interface ProbeRequest {
  readonly architecture: Architecture;
  /** Of the container's process. */
  readonly pidfd: number;
  /** Its network is not ours, and neither are its users: who is not root has a right to the one by the other. */
  readonly joins: { readonly network: boolean; readonly users: boolean };
  readonly command: readonly string[];
  readonly environment: readonly string[];
}

export function compileProbe({ architecture, pidfd, joins, ...request }: ProbeRequest): Program {
  const program = new ProgramBuilder(architecture);
  program.because("probe");
  // Whoever finds it too slow kills it with all that it has started.
  program.call("setsid", []);
  program.control("reset_signals", [0, 0]);
  const joined = (joins.network ? CLONE_NEWNET : 0) | (joins.users ? CLONE_NEWUSER : 0);
  if (joined !== 0) {
    const describes = () => "join the container's network";
    program.call("setns", [pidfd, flags(joined, CLONE_NAMES)], { describes });
  }
  const { command, environment } = request;
  const words = program.stringVector(command, "command");
  const variables = program.stringVector(environment, "environment");
  program.call("execve", [program.text(command[0] ?? ""), words, variables]);
  return program.finish();
}
