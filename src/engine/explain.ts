// explain: the program that makes a container, as text: a line for each system call, and the place in
// the configuration that asks for it. What is done before the program runs comes first, as comments.

import type { LimitWrite } from "../cgroup/limit-write.ts";
import { v1LimitWrites } from "../cgroup/limits-v1.ts";
import { v2LimitWrites } from "../cgroup/limits-v2.ts";
import { directoriesOf } from "../cgroup/members.ts";
import type { ContainerCgroup } from "../cgroup/types.ts";
import type { Resources } from "../oci/resources.ts";
import { type ListedOperation, listOperations, listProgram } from "../program/listing.ts";
import { explainCreate } from "../runtime/explain.ts";

export interface Explanation {
  readonly text: string;
  /** Without what one change alters everywhere: indexes, and where jumps go. */
  readonly comparable: string;
  readonly document: {
    readonly preparation: readonly PreparationStep[];
    readonly operations: readonly ListedOperation[];
  };
}

export interface PreparationStep {
  readonly step: string;
  readonly reason: string;
}

/** Stands for whatever the container will be called. */
const EXAMPLE_ID = "ID";
const EXAMPLE_STATE_ROOT = "/run/ocicat";

export async function explainBundle(bundle: string): Promise<Explanation> {
  const { program, cgroup, spec } = await explainCreate({
    id: EXAMPLE_ID,
    bundle,
    stateRoot: EXAMPLE_STATE_ROOT,
  });
  const preparation = [...cgroupSteps(cgroup), ...limitSteps(cgroup, spec.linux?.resources ?? {})];
  const preamble = preparation.map(({ step, reason }) => `# ${step}  ${reason}\n`).join("");
  const operations = listOperations(program);
  return {
    text: `${preamble}${listProgram(program)}`,
    comparable: `${preamble}${operations.map(comparableLine).join("")}`,
    document: { preparation, operations },
  };
}

function cgroupSteps(cgroup: ContainerCgroup): PreparationStep[] {
  const reason = "linux.cgroupsPath";
  if (cgroup.keeper.kind === "systemd") {
    const { unit, slice } = cgroup.keeper;
    return [{ step: `systemd makes the unit ${unit} in ${slice}`, reason }];
  }
  return directoriesOf(cgroup).map((path) => ({ step: `mkdir ${path}`, reason }));
}

function limitSteps(cgroup: ContainerCgroup, resources: Resources): PreparationStep[] {
  switch (cgroup.tree) {
    case "none":
      return [];
    case "v2":
      return v2LimitWrites(resources).map((write) => limitStep(cgroup.path, write));
    case "v1":
      return v1LimitWrites(resources).map((write) =>
        limitStep(cgroup.paths[write.controller] ?? `(no ${write.controller} controller)`, write),
      );
  }
}

function limitStep(directory: string, { file, value, source }: LimitWrite): PreparationStep {
  return { step: `write ${value} to ${directory}/${file}`, reason: source };
}

function comparableLine({ depth, call, result, onError, reason }: ListedOperation): string {
  const left = `${"  ".repeat(depth)}${withoutTargets(call)}`;
  const errors = onError === undefined ? "" : `  [${withoutTargets(onError)}]`;
  return `${left}${result === undefined ? "" : ` = ${result}`}${errors}  ${reason}\n`;
}

function withoutTargets(text: string): string {
  return text.replace(/\b(continues? at|jump to) -?\d+/g, "$1 another op");
}

/** What makes two lines of `comparable` the same: an entry of a list may have moved. */
export function comparableKey(line: string): string {
  return line.replace(/\[\d+\]/g, "[]");
}
