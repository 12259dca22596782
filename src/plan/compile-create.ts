// The program that makes a container, top-down. Two processes execute it:
//
//   the stage, in the host's namespaces      init, in the container's
//   ------------------------------------     ---------------------------------------------------
//   joins, opens bind sources
//   clones init ---------------------------> enters its cgroup
//   writes the id maps, reports the pid      waits for its id maps
//   exits, waits or holds                    makes root, mounts, devices, terminal
//                                            reports HOOKS, waits      (with hooks)
//                                            enters the root, becomes the user, finds the program
//                                            reports READY, waits for the commit
//                                            waits for `start`         (create)
//                                            loads seccomp, executes
//
// Until the commit, the end of the runtime's socket ends both.

import { ProgramBuilder } from "../program/builder.ts";
import type { Program } from "../program/program.ts";
import type { PlanContext } from "./context.ts";
import { planInit } from "./init.ts";
import { planNamespaces } from "./namespaces.ts";
import type { CreateRequest } from "./request.ts";
import { planStageAfterClone, planStageBeforeClone } from "./stage-side.ts";

export function compileCreate(request: CreateRequest): Program {
  const program = new ProgramBuilder(request.facts.architecture);
  const context: PlanContext = {
    program,
    request,
    outer: { bindSources: new Map() },
    freshMounts: new Map(),
  };
  const namespaces = planNamespaces(request.spec, request.facts.privileged);
  const shared = planStageBeforeClone(context, namespaces);
  const parent = program.label();
  const init = program.fork(shared.cloneArguments, "init", parent);
  planInit(context, namespaces, shared);
  program.endFork(parent);
  planStageAfterClone(context, shared, init);
  return program.finish();
}
