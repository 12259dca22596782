// create: from a bundle to a container that waits for `start` (or runs at once: see run.ts).
//
// The order: parse, gather facts, compile, record the intent, make the cgroup, launch, commit. Before
// the commit the end of our socket makes the stage and a half-made init exit by themselves; what the
// recorded intent names is removed here, or by the next `delete --force` should we be killed.

import { createCgroup } from "../cgroup/create.ts";
import { detectCgroupHost } from "../cgroup/detect.ts";
import { entryFor } from "../cgroup/entry.ts";
import { planCgroup } from "../cgroup/intent.ts";
import { applyResources } from "../cgroup/resources.ts";
import type { ContainerCgroup } from "../cgroup/types.ts";
import { type Fault, OcicatError, quote } from "../error/ocicat-error.ts";
import { gatherFacts } from "../host/gather-facts.ts";
import { withHome } from "../host/home-folder.ts";
import { seccompFacts } from "../host/seccomp-facts.ts";
import { decodeRuntimeConfig } from "../oci/parse/config.ts";
import type { ConsoleSize } from "../oci/process.ts";
import type { Spec } from "../oci/spec.ts";
import { capabilityWarnings } from "../plan/capability-sets.ts";
import { compileCreate } from "../plan/compile-create.ts";
import type { HostFacts } from "../plan/host-facts.ts";
import { planNamespaces } from "../plan/namespaces.ts";
import type { CreateRequest, HoldEnd, RootFilesystem, StageEnd } from "../plan/request.ts";
import type { Program } from "../program/program.ts";
import { launchProgram } from "../stage/launch.ts";
import { readTextFile } from "../sys/file.ts";
import { endPhase } from "../sys/phases.ts";
import { awaitReady, type CommittedContainer } from "./await-ready.ts";
import { removeEverything } from "./clean-up.ts";
import type { CreateOptions } from "./create-options.ts";
import { cgroupMountFacts } from "./host-cgroups.ts";
import { ownedStdio } from "./inherited-stdio.ts";
import { findResctrl, makeResctrl, planResctrl, type ResctrlGroup } from "./intel-rdt.ts";
import { oomCountOf } from "./oom-kills.ts";
import { ownOomScore } from "./own-oom-score.ts";
import { checkTerminal, RequestedSockets } from "./requested-sockets.ts";
import { makeNotifyFolder, NotifySocket, withServiceManager } from "./service-protocols.ts";
import { type ContainerState, STATE_VERSION, StateDirectory } from "./state-directory.ts";

const CONFIG_LIMIT = 16 * 1024 * 1024;

export interface Preparation {
  readonly options: CreateOptions;
  readonly config: string;
  readonly spec: Spec;
  readonly facts: HostFacts;
  readonly rootFilesystem: RootFilesystem;
  readonly intent: ContainerCgroup;
  readonly rootless: boolean;
  readonly resctrl: ResctrlGroup | undefined;
}

/** Creates the container. It exists when the promise is fulfilled; when it is rejected, nothing does. */
export async function create(options: CreateOptions): Promise<ContainerState> {
  using created = await launchContainer(options, { kind: "create" });
  created.stage.awaitEnd();
  return created.state;
}

const TERMINAL_ENDS = { create: "given", detach: "given", run: "kept", hold: "held" } as const;

/** The first half of every verb that makes a container: `end` says what becomes of the stage. */
export async function launchContainer(
  options: CreateOptions,
  end: StageEnd,
): Promise<CommittedContainer> {
  const preparation = await prepare(options, `${options.stateRoot}/.cache`);
  checkTerminal(preparation.spec.process, TERMINAL_ENDS[end.kind], options);
  if (end.kind !== "create") {
    requireProcess(preparation);
  }
  endPhase("facts");
  using directory = StateDirectory.create(options.stateRoot, options.id);
  try {
    const state = initialState(preparation);
    directory.writeState(state);
    directory.writeConfig(preparation.config);
    makeResctrlGroup(preparation);
    const cgroup = createCgroup(preparation.intent, preparation.spec.linux?.resources);
    const located: ContainerState = { ...state, cgroup, ownsCgroup: true };
    directory.writeState(located);
    if (cgroup.keeper.kind === "cgroupfs") {
      applyResources(cgroup, preparation.spec.linux?.resources ?? {});
    }
    endPhase("cgroup");
    // The socket is there before the process is.
    const notified = { notify: makeNotify(options, end, directory) };
    return { ...notified, ...launch({ ...preparation, end, directory }, located) };
  } catch (error) {
    removeEverything(directory, error, preparation.spec.hooks?.poststop ?? []);
    throw error;
  }
}

function requireProcess({ spec, options }: Preparation): void {
  if (spec.process === undefined) {
    throw new OcicatError("invalid-config", {
      operation: "run",
      subject: `container ${quote(options.id)}`,
      reason: "its configuration has no process: it can only be created",
    });
  }
}

function makeResctrlGroup({ spec, resctrl }: Preparation): void {
  const { intelRdt } = spec.linux ?? {};
  if (intelRdt !== undefined && resctrl !== undefined) {
    makeResctrl(intelRdt, resctrl);
  }
}

/**
 * Everything that can be refused is refused here, before anything is made. Compiled seccomp filters are
 * kept in `cacheDirectory`, if there is one.
 */
export async function prepare(
  options: CreateOptions,
  cacheDirectory: string | undefined,
): Promise<Preparation> {
  const { bundle } = options;
  const config = options.config ?? readTextFile(`${bundle}/config.json`, CONFIG_LIMIT);
  const warnings: Fault[] = [];
  endPhase("arguments");
  const configured = decodeRuntimeConfig(config, { warnings });
  endPhase("parse");
  const { serviceManager, stateRoot, id } = options;
  const served =
    serviceManager === undefined
      ? configured
      : withServiceManager(configured, serviceManager, `${stateRoot}/${id}`);
  const rootFilesystem = options.rootFilesystem ?? { kind: "path", path: rootPath(served, bundle) };
  const spec = withSurroundings(served, rootFilesystem, options.terminalSize);
  const host = detectCgroupHost();
  const facts = gatherFacts({
    spec,
    bundle,
    ...foldersOf(rootFilesystem),
    cgroup: cgroupMountFacts(host),
    seccomp: await seccompFacts(spec, cacheDirectory),
  });
  warn(options, [
    ...warnings.map(({ path, reason }) => `${path}: ${reason}`),
    ...capabilityWarnings(spec, facts),
  ]);
  const rootless = options.rootless ?? !facts.privileged;
  const intent = planCgroup({
    containerId: options.id,
    cgroupsPath: spec.linux?.cgroupsPath,
    systemd: options.systemdCgroup ?? false,
    rootless,
  });
  const { intelRdt } = spec.linux ?? {};
  const resctrl =
    intelRdt === undefined ? undefined : planResctrl(intelRdt, options.id, findResctrl());
  return { options, config, spec, facts, rootFilesystem, intent, rootless, resctrl };
}

function warn({ onWarning }: CreateOptions, texts: readonly string[]): void {
  for (const text of texts) {
    onWarning?.(text);
  }
}

/** What the process finds around it without the configuration saying so. */
function withSurroundings(
  spec: Spec,
  root: RootFilesystem,
  consoleSize: ConsoleSize | undefined,
): Spec {
  const { process, mounts = [] } = spec;
  if (process === undefined) {
    return spec;
  }
  const rootPath = root.kind === "path" ? root.path : undefined;
  const sized = consoleSize === undefined ? process : { ...process, consoleSize };
  return { ...spec, process: withHome(sized, { rootPath, mounts }) };
}

function foldersOf(root: RootFilesystem) {
  return root.kind === "path"
    ? { rootPath: root.path }
    : { rootPath: undefined, layerPaths: [root.upper, ...root.lower] };
}

function rootPath(spec: Spec, bundle: string): string {
  return spec.root.path.startsWith("/") ? spec.root.path : `${bundle}/${spec.root.path}`;
}

/** The container's notify socket; a created container gets it bound by `start`. */
function makeNotify(
  options: CreateOptions,
  end: StageEnd,
  directory: StateDirectory,
): NotifySocket | undefined {
  const host = options.serviceManager?.notifySocket;
  if (host === undefined) {
    return undefined;
  }
  makeNotifyFolder(directory);
  return end.kind === "create" ? undefined : NotifySocket.bind(directory, host);
}

function initialState(preparation: Preparation): ContainerState {
  const { options, spec, rootFilesystem, intent, rootless, facts, resctrl } = preparation;
  return {
    version: STATE_VERSION,
    id: options.id,
    phase: "creating",
    ociVersion: spec.ociVersion,
    bundle: options.bundle,
    rootfs: rootFilesystem.kind === "path" ? rootFilesystem.path : rootFilesystem.mountPoint,
    annotations: spec.annotations ?? {},
    cgroup: intent,
    ownsCgroup: false,
    pid: 0,
    startTime: "",
    created: new Date().toISOString(),
    namespaces: planNamespaces(spec, facts.privileged).separate,
    rootless,
    ...(resctrl === undefined ? {} : { resctrl }),
  };
}

interface Launch extends Preparation {
  readonly end: StageEnd;
  readonly directory: StateDirectory;
}

function launch(preparation: Launch, state: ContainerState): CommittedContainer {
  const { options, spec, directory } = preparation;
  using sockets = new RequestedSockets(options, spec);
  const program = compileLaunch(preparation, {
    cgroup: state.cgroup,
    stateDirectory: directory.path,
    end: preparation.end,
    sockets: sockets.forProgram(),
  });
  endPhase("compile");
  const stage = launchProgram(program, {
    keepFds: sockets.keptFds(
      preparation.end,
      options.firstFd === undefined ? (options.preserveFds ?? 0) : 0,
    ),
    ...(options.firstFd === undefined ? {} : { placeFds: [{ from: options.firstFd, to: 3 }] }),
    staysBehind: preparation.end.kind === "hold",
    killAtOp: options.killAtOp,
  });
  endPhase("launch");
  const isStartedLater = preparation.end.kind === "create";
  const launched = { options, spec, directory, stage, program, state, isStartedLater };
  const committed = awaitReady(launched);
  endPhase("ready");
  return committed;
}

export interface LaunchPlace {
  readonly cgroup: ContainerCgroup;
  readonly stateDirectory: string;
  readonly end: StageEnd;
  readonly sockets: ReturnType<RequestedSockets["forProgram"]>;
}

/** The program that makes the container. Nothing is made here. */
export function compileLaunch(preparation: Preparation, place: LaunchPlace): Program {
  const { options, spec, facts, rootFilesystem } = preparation;
  const request: CreateRequest = {
    spec,
    facts,
    id: options.id,
    bundle: options.bundle,
    rootFilesystem,
    sharedMounts: options.sharedMounts,
    cgroup: entryFor(place.cgroup),
    resctrlTasks: preparation.resctrl?.tasks ?? [],
    stateDirectory: place.stateDirectory,
    end: place.end.kind === "hold" ? heldEnd(place.end, place.cgroup) : place.end,
    ...place.sockets,
    preserveFds: options.preserveFds ?? 0,
    noPivot: options.noPivot ?? false,
    noNewKeyring: options.noNewKeyring ?? false,
    ownedStdio: ownedStdio(),
  };
  return compileCreate(request);
}

function heldEnd(end: HoldEnd, cgroup: ContainerCgroup): HoldEnd {
  return { ...end, ...oomCountOf(cgroup), ...ownOomScore() };
}
