// explain: what `create` would do, without doing any of it. The host is read as create reads it.

import type { ContainerCgroup } from "../cgroup/types.ts";
import type { Spec } from "../oci/spec.ts";
import type { Program } from "../program/program.ts";
import { compileLaunch, prepare } from "./create.ts";
import type { CreateOptions } from "./create-options.ts";

export interface ExplainedContainer {
  readonly spec: Spec;
  readonly program: Program;
  /** Where its cgroup would be. */
  readonly cgroup: ContainerCgroup;
}

export async function explainCreate(options: CreateOptions): Promise<ExplainedContainer> {
  const preparation = await prepare(options, undefined);
  const program = compileLaunch(preparation, {
    cgroup: preparation.intent,
    stateDirectory: `${options.stateRoot}/${options.id}`,
    end: { kind: "create" },
    sockets: {},
  });
  return { spec: preparation.spec, program, cgroup: preparation.intent };
}
