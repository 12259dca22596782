// The listing of a compiled program, reduced to what goldens compare: the operations that places of the
// configuration ask for, without indexes, so that an operation more elsewhere changes no golden.
//
//   linux.devices[0]                      the place
//     mknodat(dev, "fuse", ...)           an operation; those of a forked child are indented
//       EEXIST: elsewhere                 the errors that it survives

import { architectureNamed } from "../../src/abi/architecture.ts";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import type { Linux } from "../../src/oci/linux.ts";
import { parseRuntimeConfig } from "../../src/oci/parse/config.ts";
import type { Process } from "../../src/oci/process.ts";
import type { Spec } from "../../src/oci/spec.ts";
import { compileCreate } from "../../src/plan/compile-create.ts";
import { compileExec } from "../../src/plan/compile-exec.ts";
import type { HostFacts } from "../../src/plan/host-facts.ts";
import { planNamespaces } from "../../src/plan/namespaces.ts";
import type { CreateRequest, ExecRequest } from "../../src/plan/request.ts";
import { listOperations } from "../../src/program/listing.ts";
import type { Program } from "../../src/program/program.ts";

/** A host with cgroup v1, root as the runtime's user, and everything that a kernel may have. */
const HOST: HostFacts = {
  architecture: architectureNamed("x86_64"),
  uid: 0,
  gid: 0,
  privileged: true,
  capabilities: new Set(Array.from({ length: 41 }, (_, number) => number)),
  idMapPrograms: undefined,
  lastCapability: 40,
  takesLayersOneByOne: true,
  security: { apparmor: true, selinux: true },
  cgroup: {
    layout: "v1",
    hierarchies: [{ mountPoint: "/sys/fs/cgroup/memory", controllers: ["memory"] }],
  },
  bindSources: new Map(),
  resolvedDestinations: new Map(),
  kernelPaths: new Map(),
  copyUp: new Map(),
  seccomp: undefined,
  interfaces: new Map(),
};

export interface Changes {
  readonly spec?: Partial<Spec>;
  readonly process?: Partial<Process> | "none";
  readonly linux?: Partial<Linux>;
  readonly facts?: Partial<HostFacts>;
  readonly request?: Partial<CreateRequest>;
}

/** The default configuration without mounts and paths, and with what a case changes. */
function changedSpec({ spec, process, linux }: Changes): Spec {
  const { hostname: _, ...base } = defaultSpec();
  const own = { user: { uid: 0, gid: 0 }, cwd: "/", ...base.process, terminal: false };
  return parseRuntimeConfig(
    structuredClone({
      ...base,
      root: { path: "rootfs" },
      mounts: [],
      ...spec,
      process: process === "none" ? null : { ...own, args: ["/bin/true"], ...process },
      linux: { namespaces: base.linux?.namespaces, ...linux },
    }),
  );
}

export function createProgram(changes: Changes): Program {
  return compileCreate({
    spec: changedSpec(changes),
    facts: { ...HOST, ...changes.facts },
    id: "c1",
    bundle: "/bundle",
    rootFilesystem: { kind: "path", path: "/bundle/rootfs" },
    cgroup: { into: [], tasks: ["/sys/fs/cgroup/memory/c1/tasks"], needsScope: false },
    stateDirectory: "/run/ocicat/c1",
    end: { kind: "run" },
    preserveFds: 0,
    noPivot: false,
    noNewKeyring: false,
    ownedStdio: [],
    ...changes.request,
  });
}

export function execProgram(changes: Changes, request: Partial<ExecRequest> = {}): Program {
  const spec = changedSpec(changes);
  const process = spec.process ?? { user: { uid: 0, gid: 0 }, args: ["sh"], cwd: "/" };
  return compileExec({
    process,
    spec,
    facts: { ...HOST, ...changes.facts },
    id: "c1",
    initPidfd: 9,
    namespaces: planNamespaces(spec, true).separate,
    cgroup: { into: [], tasks: ["/sys/fs/cgroup/memory/c1/tasks"], needsScope: false },
    end: { kind: "run" },
    additionalGroups: "set",
    preserveFds: 0,
    noNewKeyring: false,
    ownedStdio: [],
    ...request,
  });
}

/** The operations whose place begins with one of `places`; an empty one takes all. */
export function listingOf(program: Program, places: readonly string[]): string {
  const lines: string[] = [];
  let heading = "";
  for (const { call, depth, onError, reason, result } of listOperations(program)) {
    if (!places.some((place) => reason.startsWith(place))) {
      heading = "";
      continue;
    }
    if (reason !== heading) {
      lines.push(reason);
      heading = reason;
    }
    const indent = "  ".repeat(depth + 1);
    const value = result === undefined ? "" : ` = ${result}`;
    lines.push(`${indent}${withoutIndexes(call)}${value}`);
    if (onError !== undefined) {
      lines.push(`${indent}  ${withoutIndexes(onError)}`);
    }
  }
  return lines.map((line) => `${line}\n`).join("");
}

function withoutIndexes(text: string): string {
  return text
    .replace(/, parent continues at \d+/, "")
    .replace(/^jump to \d+$/, "jump elsewhere")
    .replace(/continue at \d+/, "elsewhere");
}

/** One golden: a heading and a listing for each case. */
export function describeCases(
  cases: readonly (readonly [title: string, listing: string])[],
): string {
  return cases.map(([title, listing]) => `## ${title}\n${listing}`).join("\n");
}
