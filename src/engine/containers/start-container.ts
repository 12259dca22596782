// Starts a container: its process runs, kept by a holder (native/holder.c) that outlives this command.
//
//   STATE ROOT/.engine/ID        the runtime's state
//   STATE ROOT/.attach/ID.sock   where the holder takes clients
//
// When the container has ended and nobody is attached who sees to it, the holder executes
// `ocicat container-ended ID`: settle-container.ts.

import { O_RDONLY } from "../../abi/file.ts";
import { readExitRecord } from "../../holder/exit-record.ts";
import { encodeDocument } from "../../oci/encode.ts";
import type { HoldLog } from "../../program/hold-request.ts";
import { oomScoreWarning } from "../../runtime/own-oom-score.ts";
import { writePidFile } from "../../runtime/pid-file.ts";
import { type HeldContainer, type HeldOptions, runHeld } from "../../runtime/run-held.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { makeDirectories, OwnedFd, open, statAt } from "../../sys/file.ts";
import { endPhase, phaseTimes } from "../../sys/phases.ts";
import { readProcessStat } from "../../sys/process.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { recordVolumesOf } from "../events/record-volume-event.ts";
import { isTimed, type ProbedOptions } from "../health/health-check.ts";
import { fileIdMaps } from "../id-maps.ts";
import { ownShortCommand, quickEnvironment } from "../own-command.ts";
import { isPod } from "../pods/pod-record.ts";
import { NAME_FILES } from "../run-names.ts";
import type { RunContainerOptions } from "../run-options.ts";
import { builtInProgram, makeSource } from "../run-source.ts";
import type { IdMaps } from "../run-spec.ts";
import { supervisorStart } from "../supervisor/supervisor-start.ts";
import type { Surroundings } from "../surroundings.ts";
import {
  attachFolder,
  attachSocketName,
  listenInFolder,
  newAttachSocketName,
  removeAttachSocket,
} from "./attach-socket.ts";
import { configureContainer } from "./configure-container.ts";
import {
  readStartRecord,
  removeStartRecord,
  type StartRecord,
  writeStartRecord,
} from "./container-record.ts";
import type { OpenContainer } from "./create-container.ts";
import { joinNamespaces } from "./join-namespaces.ts";
import { endingWithReaders, outputsOf } from "./output-readers.ts";
import { enterOwnScope, ownScope } from "./own-scope.ts";
import { mayRestart } from "./restart-policy.ts";
import { removeRestartRecord, writeRestartRecord } from "./restart-record.ts";
import { forgetStartFailure, noteStartFailure, RunBefore } from "./run-before.ts";
import { makeStartedParts, type StartedParts } from "./started-parts.ts";

export interface StartRequest {
  readonly container: OpenContainer;
  /** What it was created with, and what this process adds: warnings. */
  readonly options: RunContainerOptions;
  readonly surroundings: Surroundings;
  readonly idMaps: IdMaps | undefined;
  /** A connected stream socket for the client that is attached from the start. */
  readonly primaryFd?: number;
  /** Until the user leaves it running, its holder stays in our unit of systemd's, which takes its time. */
  readonly staysInUnit?: boolean;
  /** As StartRecord has it; 0 when absent. */
  readonly restarts?: number;
  readonly parts?: Pick<StartedParts, "mounts" | "env" | "accounts" | "appArmorProfile">;
}

export const LOG_NAME = "log";
const DEFAULT_LOG = { driver: "file", maxSize: 0, maxFiles: 1, onFull: "block" } as const;
const PRIVATE = 0o700;

/** When the promise is fulfilled the container's process runs. */
export async function startContainer(request: StartRequest): Promise<HeldContainer> {
  try {
    return await makeAndLaunch(request);
  } catch (error) {
    noteStartFailure(request.container.folder.fd, error);
    throw error;
  }
}

async function makeAndLaunch(request: StartRequest): Promise<HeldContainer> {
  const { container, options, surroundings, idMaps } = request;
  const { folder, record } = container;
  const isDetached = request.primaryFd === undefined;
  const entry = { id: record.id, what: "the container", joins: false, isDetached };
  await enterOwnScope(entry, options.onWarning);
  warnOfOomScore(options);
  await makePlaceOfPod(container);
  await forgetOwnersMount(request);
  const source = makeSource(options, folder, {
    image: container.image,
    isRootless: idMaps !== undefined,
  });
  using program = builtInProgram(options.source);
  using imageLock = container.image?.root.shareLock();
  using joined = await joinNamespaces(options, surroundings);
  endPhase("network");
  using parts = await makeStartedParts(request, source);
  const config = encodeDocument(configureContainer(source, joined, { ...request, parts }), "");
  await giveNameFiles(request);
  endPhase("configuration");
  using listener = listenForClients(surroundings, record.id);
  using holderLock = folder.lockForHolder();
  await mendLogOfLost(request.container);
  const before = new RunBefore(folder.fd);
  const start = beginStart(request, parts.mountKeys);
  // Until then it says that somebody was to start it.
  const wasAwaited = removeRestartRecord(surroundings.stateRoot, record.id);
  const launch = {
    ...launchOptions(request),
    config,
    rootFilesystem: source.rootFilesystem,
    sharedMounts: joined.sharedMounts,
    ...(program === undefined
      ? { preserveFds: options.preserveFds ?? 0 }
      : { firstFd: program.number, preserveFds: 1 }),
    listenerFd: listener.number,
    lockFds: [
      holderLock.number,
      ...(imageLock === undefined ? [] : [imageLock.number]),
      ...parts.lockFds,
    ],
  };
  const held = await orUndo(request, { before, wasAwaited }, () => runHeld(launch));
  noteStart(request, start, held);
  before.forget();
  parts.keep();
  return held;
}

function warnOfOomScore({ oomScoreAdj, onWarning }: RunContainerOptions): void {
  const warning = oomScoreAdj === undefined ? undefined : oomScoreWarning(oomScoreAdj);
  if (warning !== undefined) {
    onWarning?.(warning);
  }
}

/** What ContainerFolder's forgetBriefMount can't: it belongs to the container's root. */
async function forgetOwnersMount({ container, options, idMaps }: StartRequest): Promise<void> {
  const isOthers = idMaps !== undefined && fileIdMaps(options) !== undefined;
  if (isOthers && options.remove && statAt(container.folder.fd, "work/work") !== undefined) {
    const { executeAsOwner } = await import("../users/as-owner-command.ts");
    executeAsOwner({ kind: "forget", path: `${container.folder.path}/work` }, idMaps);
  }
}

/** Root inside may change them, whoever that is. */
async function giveNameFiles({ container, options, idMaps }: StartRequest): Promise<void> {
  const maps = fileIdMaps(options);
  if (maps === undefined || idMaps === undefined) {
    return;
  }
  const { giveFiles } = await import("../users/give-files.ts");
  const folderFd = container.folder.fd;
  const files = NAME_FILES.filter((name) => statAt(folderFd, name) !== undefined);
  const given = files.map((path) => ({ path }));
  giveFiles(folderFd, given, { maps, counted: idMaps });
}

async function makePlaceOfPod({ record }: OpenContainer): Promise<void> {
  if (isPod(record)) {
    const { makePodCgroup } = await import("../pods/pod-cgroup.ts");
    makePodCgroup(record);
  }
}

/** What is known of a start before anything runs. */
type BegunStart = Omit<StartRecord, "holderPid" | "holderStartTime" | "phases">;

function beginStart(
  { container: { folder }, restarts = 0 }: StartRequest,
  mountKeys: readonly string[],
): BegunStart {
  // With what is left of marks.
  removeStartRecord(folder.fd);
  forgetStartFailure(folder.fd);
  const start = {
    startedMs: Date.now(),
    restarts,
    ...(mountKeys.length === 0 ? {} : { imageMounts: mountKeys }),
  };
  // Who finds this knows that a start was cut short.
  writeStartRecord(folder.fd, { ...start, holderPid: 0, holderStartTime: "" });
  return start;
}

/** All but what is made for this one start. */
function launchOptions({ container, options, surroundings, ...start }: StartRequest) {
  const { reaps, onWarning } = options;
  const { primaryFd, staysInUnit = false } = start;
  return {
    id: container.record.id,
    bundle: container.folder.path,
    stateRoot: surroundings.containerStateRoot,
    systemdCgroup: options.systemdCgroup,
    ...(reaps === undefined ? {} : { reaps }),
    ...(onWarning === undefined ? {} : { onWarning }),
    ...(primaryFd === undefined ? {} : firstClient(primaryFd, options)),
    ...(staysInUnit ? {} : { ownScope: ownScope("the container", onWarning) }),
    ...holderDuties(container, options, surroundings),
    stdin: options.interactive,
  };
}

function firstClient(primaryFd: number, options: RunContainerOptions) {
  return { primaryFd, endsWithReader: endingWithReaders(outputsOf(options)) };
}

function noteStart(request: StartRequest, start: BegunStart, held: HeldContainer): void {
  const { container, options, surroundings } = request;
  writeStartRecord(container.folder.fd, {
    ...start,
    startedMs: Date.now(),
    holderPid: held.holderPid,
    holderStartTime: readProcessStat(held.holderPid)?.startTime ?? "",
    phases: phaseTimes(),
  });
  const changed = { surroundings, record: container.record };
  recordContainerEvent(changed, "start");
  recordVolumesOf(changed, "mount");
  const { pidFile, holderPidFile } = options;
  if (pidFile !== undefined) {
    writePidFile(pidFile, held.state.pid);
  }
  if (holderPidFile !== undefined) {
    writePidFile(holderPidFile, held.holderPid);
  }
}

/** Nobody has recorded the end of the run before: its holder was killed, and may have been writing. */
async function mendLogOfLost({ folder }: OpenContainer): Promise<void> {
  if (readStartRecord(folder.fd) !== undefined && readExitRecord(folder.fd) === undefined) {
    const { mendLog } = await import("./mend-log.ts");
    mendLog(folder.fd, LOG_NAME);
  }
}

interface Undoing {
  readonly before: RunBefore;
  /** Its restart policy was to start it. */
  readonly wasAwaited: boolean;
}

async function orUndo(
  { container, surroundings }: StartRequest,
  { before, wasAwaited }: Undoing,
  launch: () => Promise<HeldContainer>,
): Promise<HeldContainer> {
  try {
    return await launch();
  } catch (error) {
    removeStartRecord(container.folder.fd);
    before.bringBack();
    removeAttachSocket(surroundings, container.record.id);
    const ended = wasAwaited ? readStartRecord(container.folder.fd) : undefined;
    if (ended !== undefined) {
      // This process will not: whoever looks at the container next sees to it.
      writeRestartRecord(surroundings.stateRoot, container.record.id, ended);
    }
    throw error;
  }
}

/** What a holder does beside keeping the process; the one that follows it does the same. */
export function holderDuties(
  { folder }: Pick<OpenContainer, "folder">,
  options: Pick<RunContainerOptions, "log" | "restart" | "remove"> & ProbedOptions,
  surroundings: Surroundings,
): Pick<HeldOptions, "directoryFd" | "isRecordBrief" | "log" | "onExit" | "supervisor"> {
  const environment = quickEnvironment();
  return {
    directoryFd: folder.fd,
    isRecordBrief: options.remove,
    ...logOf(options, folder.fd),
    onExit: {
      command: endCommand(surroundings, folder.id),
      environment,
      // A client would leave before the container is started again.
      isLeftToPrimary: !mayRestart(options),
    },
    ...(isTimed(options) ? { supervisor: supervisorStart(surroundings, environment) } : {}),
  };
}

function endCommand({ storeRoot, stateRoot }: Surroundings, id: string): readonly string[] {
  return [...ownShortCommand(), "container-ended", "--store", storeRoot, "--root", stateRoot, id];
}

function logOf(
  { log = DEFAULT_LOG }: Pick<RunContainerOptions, "log">,
  directoryFd: number,
): { log?: HoldLog } {
  if (log.driver === "none") {
    return {};
  }
  const { maxSize: sizeLimit, maxFiles: files, onFull } = log;
  return { log: { directoryFd, name: LOG_NAME, sizeLimit, files, onFull } };
}

export function listenForClients(surroundings: Surroundings, id: string): OwnedFd {
  const path = attachFolder(surroundings);
  makeDirectories(surroundings.stateRoot, 0o711);
  makeDirectories(path, PRIVATE);
  using folder = new OwnedFd(open(path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
  const names = { name: attachSocketName(id), newName: newAttachSocketName(id) };
  return listenInFolder(folder.number, names);
}
