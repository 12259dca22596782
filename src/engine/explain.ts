// explain: the program that makes a container, as text: a line for each system call, and the place in
// the configuration that asks for it.

import { directoriesOf } from "../cgroup/members.ts";
import type { ContainerCgroup } from "../cgroup/types.ts";
import { type ListedOperation, listOperations, listProgram } from "../program/listing.ts";
import { explainCreate } from "../runtime/explain.ts";

export interface Explanation {
  readonly text: string;
  /** Without what a single change would alter in every line: indexes and jumps' targets. */
  readonly comparable: string;
  readonly document: {
    readonly cgroup: readonly string[];
    readonly operations: readonly ListedOperation[];
  };
}

/** Stands for whatever the container will be called. */
const EXAMPLE_ID = "ID";
const EXAMPLE_STATE_ROOT = "/run/ocicat";

export async function explainBundle(bundle: string): Promise<Explanation> {
  const { program, cgroup } = await explainCreate({
    id: EXAMPLE_ID,
    bundle,
    stateRoot: EXAMPLE_STATE_ROOT,
  });
  const preamble = describeCgroup(cgroup);
  const operations = listOperations(program);
  return {
    text: `${preamble}${listProgram(program)}`,
    comparable: `${preamble}${operations.map(comparableLine).join("")}`,
    document: { cgroup: directoriesOf(cgroup), operations },
  };
}

/** What is made before the program runs. */
function describeCgroup(cgroup: ContainerCgroup): string {
  if (cgroup.keeper.kind === "systemd") {
    return `# systemd makes the unit ${cgroup.keeper.unit} in ${cgroup.keeper.slice}\n`;
  }
  const lines = directoriesOf(cgroup).map((path) => `# makes the cgroup ${path}\n`);
  return lines.join("");
}

function comparableLine({ depth, call, result, onError, reason }: ListedOperation): string {
  const left = `${"  ".repeat(depth)}${withoutTargets(call)}`;
  const errors = onError === undefined ? "" : `  [${withoutTargets(onError)}]`;
  return `${left}${result === undefined ? "" : ` = ${result}`}${errors}  ${reason}\n`;
}

function withoutTargets(text: string): string {
  return text.replace(/\b(continues? at|jump to) -?\d+/g, "$1 another op");
}
