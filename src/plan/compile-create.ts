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
// A user namespace that is joined by its path comes before all that belongs to it: then a third process
// stands between, which joins, clones init for the stage (CLONE_PARENT), reports and exits.
//
// Until the commit, the end of the runtime's socket ends all of them.

import { CLONE_PARENT, CLONE_PIDFD } from "../abi/process.ts";
import { ProgramBuilder } from "../program/builder.ts";
import type { Program, Register } from "../program/program.ts";
import { cloneArguments } from "./clone.ts";
import type { PlanContext } from "./context.ts";
import { handOver, openHandover } from "./handover.ts";
import { enterCgroup, planInit } from "./init.ts";
import { joinNamespaces, type NamespacePlan, planNamespaces } from "./namespaces.ts";
import type { CreateRequest } from "./request.ts";
import {
  finishStage,
  planStageAfterClone,
  planStageBeforeClone,
  reportInit,
  type StageShared,
} from "./stage-side.ts";

export function compileCreate(request: CreateRequest): Program {
  const program = new ProgramBuilder(request.facts.architecture);
  const context: PlanContext = {
    program,
    request,
    outer: { bindSources: new Map() },
    early: { bindSources: new Map() },
    freshMounts: new Map(),
    readOnlyLater: [],
  };
  const namespaces = planNamespaces(request.spec, request.facts.privileged);
  const shared = planStageBeforeClone(context, namespaces);
  if (namespaces.user === "joined") {
    cloneThroughMiddle(context, namespaces, shared);
  } else {
    const init = cloneInit(context, namespaces, shared);
    planStageAfterClone(context, shared, init);
  }
  return program.finish();
}

function cloneInit(context: PlanContext, namespaces: NamespacePlan, shared: StageShared): Register {
  const { program } = context;
  const parent = program.label();
  const init = program.fork(shared.cloneArguments, "init", parent);
  planInit(context, namespaces, shared);
  program.endFork(parent);
  return init;
}

/** The middle enters the cgroup, which the namespace that it joins would no longer allow. */
function cloneThroughMiddle(
  context: PlanContext,
  namespaces: NamespacePlan,
  shared: StageShared,
): void {
  const { program, request } = context;
  const handover = request.end.kind === "hold" ? openHandover(program) : undefined;
  const afterMiddle = program.label();
  const middle = program.fork(shared.cloneArguments, "middle", afterMiddle);
  enterCgroup(program, request, shared.cgroup);
  joinNamespaces(program, namespaces.joinedByStage);
  const pidfd = shared.pidfdRoom;
  const flags = namespaces.cloned + CLONE_PARENT + CLONE_PIDFD;
  const clone = cloneArguments(program, { flags, pidfd });
  const init = cloneInit(context, namespaces, { ...shared, cloneArguments: clone });
  reportInit(context, shared, init);
  if (handover !== undefined) {
    handOver(program, handover, init);
  }
  program.control("exit", [0]);
  program.endFork(afterMiddle);
  program.call("wait4", [middle, 0, 0, 0]);
  finishStage(context, shared, handover ?? "any");
}
