// run: from an image, a folder or the built-in hello to a container's exit code. The container is kept
// by a holder from the start; a run in the foreground is its first client.

import { SOCK_STREAM } from "../abi/process.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { type AttachEnd, attach } from "../holder/attach.ts";
import { readAccounts } from "../image/accounts.ts";
import { encodeDocument } from "../oci/encode.ts";
import { checkContainerId } from "../runtime/container-id.ts";
import { deleteContainer } from "../runtime/delete.ts";
import { kill } from "../runtime/kill.ts";
import { type HeldContainer, runHeld } from "../runtime/run-held.ts";
import { OwnedFd, stat } from "../sys/file.ts";
import { exitCodeOf, waitForPid } from "../sys/process.ts";
import { socketPair } from "../sys/socket.ts";
import { isTerminal, terminalSize } from "../sys/terminal.ts";
import { ContainerFolder } from "./container-folder.ts";
import { helloProgramFd } from "./hello.ts";
import { rootlessIdMaps } from "./id-maps.ts";
import { imageProcess } from "./image-process.ts";
import { imageOf } from "./run-image.ts";
import type { RunContainerOptions } from "./run-options.ts";
import { checkRequest, makeSource, type RunSourceFiles } from "./run-source.ts";
import { type IdMaps, runSpec } from "./run-spec.ts";
import { readSurroundings } from "./surroundings.ts";

export type RunEnd =
  | {
      readonly kind: "exited";
      readonly code: number;
      /** From the beginning of this process to the execution of the container's. */
      readonly startedAfterMs: number;
    }
  /** The container goes on; its name. */
  | { readonly kind: "detached"; readonly id: string };

/** How names of other hosts are resolved, for a container in the host's network. */
const NAME_FILES = ["/etc/resolv.conf", "/etc/hosts"];

/** Runs in the foreground: this process's standard streams are the container's. */
export async function runContainer(options: RunContainerOptions): Promise<RunEnd> {
  const surroundings = await readSurroundings(options);
  const { storeRoot, containerStateRoot: stateRoot } = surroundings;
  const id = options.name ?? randomId();
  checkContainerId(id);
  checkRequest(options);
  const idMaps = rootlessIdMaps(process.env["USER"]);
  // An image is there, whatever time that takes, before anything of the container is.
  using image = await imageOf(options, surroundings);
  using imageLock = image?.root.shareLock();
  using folder = ContainerFolder.create(storeRoot, id);
  const end = await orRemove(folder, idMaps, () => {
    const source = makeSource(options, folder, { image, isRootless: idMaps !== undefined });
    const lockFds = imageLock === undefined ? [] : [imageLock.number];
    return runFrom(source, { options, folder, id, stateRoot, idMaps, lockFds });
  });
  if (end.kind !== "detached" && options.remove) {
    await folder.remove(idMaps);
  }
  if (end.kind === "lost") {
    throw new OcicatError("unavailable", {
      operation: "run",
      subject: `container ${quote(id)}`,
      reason: "its holder ended without telling how the container did",
    });
  }
  return end;
}

/** A container that did not come to run leaves nothing. */
async function orRemove<Result>(
  folder: ContainerFolder,
  idMaps: IdMaps | undefined,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    const failures = await folder.remove(idMaps).then(
      () => [],
      (failure: unknown) => [failure],
    );
    if (error instanceof OcicatError) {
      error.cleanupFailures.push(...failures);
    }
    throw error;
  }
}

function randomId(): string {
  const bytes = new Uint8Array(6);
  crypto.getRandomValues(bytes);
  return bytes.toHex();
}

interface Run {
  readonly options: RunContainerOptions;
  readonly folder: ContainerFolder;
  readonly id: string;
  readonly stateRoot: string;
  readonly idMaps: IdMaps | undefined;
  /** What the holder keeps as long as it lives. */
  readonly lockFds: readonly number[];
}

async function runFrom(source: RunSourceFiles, run: Run): Promise<HeldEnd> {
  const { options, folder, id, stateRoot } = run;
  const isHello = options.source.kind === "hello";
  using program = isHello ? new OwnedFd(helloProgramFd()) : undefined;
  const [clientFd, holderFd] = socketPair(SOCK_STREAM);
  using client = new OwnedFd(clientFd);
  using holder = new OwnedFd(holderFd);
  const container = await runHeld({
    id,
    bundle: folder.path,
    stateRoot,
    config: encodeDocument(configure(source, run), ""),
    rootFilesystem: source.rootFilesystem,
    systemdCgroup: options.systemdCgroup,
    ...(program === undefined ? {} : { firstFd: program.number, preserveFds: 1 }),
    ...(options.ignoredSignals === undefined ? {} : { ignoredSignals: options.ignoredSignals }),
    primaryFd: holder.number,
    directoryFd: folder.fd,
    lockFds: run.lockFds,
    stdin: options.interactive,
  });
  const startedAfterMs = performance.now();
  holder[Symbol.dispose]();
  const end = orKill(run, () => attachTo(client.number, run));
  return finish(end, container, { ...run, startedAfterMs });
}

function configure({ config, files }: RunSourceFiles, { options, id, idMaps }: Run) {
  const hostname = options.hostname ?? id.slice(0, 12);
  const size = options.terminal ? terminalSize(0) : undefined;
  return runSpec({
    options,
    process: imageProcess(
      config,
      {
        command: options.command,
        ...(options.entrypoint === undefined ? {} : { entrypoint: options.entrypoint }),
        env: options.env,
        ...(options.workdir === undefined ? {} : { workdir: options.workdir }),
        ...(options.user === undefined ? {} : { user: options.user }),
        terminal: options.terminal,
        hostname,
      },
      readAccounts(files),
    ),
    hostname,
    cgroupsPath: cgroupsPath(id, options.systemdCgroup, idMaps),
    idMaps,
    hostFiles:
      options.network === "host" ? NAME_FILES.filter((path) => stat(path) !== undefined) : [],
    consoleSize: size === undefined ? undefined : { height: size.rows, width: size.columns },
  });
}

/** A user has no place of their own at the top: the container gets one beside the caller, or none. */
function cgroupsPath(id: string, systemd: boolean, idMaps: IdMaps | undefined): string | undefined {
  if (systemd) {
    return `:ocicat:${id}`;
  }
  return idMaps === undefined ? `/ocicat-${id}` : undefined;
}

function attachTo(socketFd: number, run: Run): AttachEnd {
  const { options, stateRoot, id } = run;
  return attach({
    socketFd,
    primary: true,
    inputFd: options.interactive ? 0 : undefined,
    outputFd: options.outputFd ?? 1,
    errorFd: options.outputFd ?? 2,
    terminalFd: options.terminal && isTerminal(0) ? 0 : undefined,
    onSignal: (signal) => {
      forward({ stateRoot, id, signal });
    },
  });
}

/** A container that nobody can attend to any more does not go on in secret. */
function orKill<Result>({ stateRoot, id }: Run, attend: () => Result): Result {
  try {
    return attend();
  } catch (error) {
    deleteContainer({ stateRoot, id, force: true });
    throw error;
  }
}

/** The container may have ended in this moment: then there is nobody to tell. */
function forward(request: {
  readonly stateRoot: string;
  readonly id: string;
  readonly signal: number;
}): void {
  try {
    kill(request);
  } catch (error) {
    if (!(error instanceof OcicatError) || error.code !== "wrong-state") {
      throw error;
    }
  }
}

/** "lost": the holder was killed, and nobody knows how the process ended. */
type HeldEnd = RunEnd | { readonly kind: "lost" };

function finish(
  end: AttachEnd,
  container: HeldContainer,
  { stateRoot, id, startedAfterMs }: Run & { readonly startedAfterMs: number },
): HeldEnd {
  if (end.kind === "detached") {
    return { kind: "detached", id };
  }
  if (end.kind === "exited") {
    waitForPid(container.holderPid);
  }
  deleteContainer({ stateRoot, id, force: true });
  if (end.kind === "disconnected" || end.status === undefined) {
    return { kind: "lost" };
  }
  return { kind: "exited", code: exitCodeOf(end.status), startedAfterMs };
}
