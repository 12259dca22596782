// run: from an image, a folder or the built-in hello to a container's exit code. The container is kept
// by a holder from the start; a run in the foreground is its first client.

import { SOCK_STREAM } from "../abi/process.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { type AttachEnd, attach } from "../holder/attach.ts";
import { readAccounts } from "../image/accounts.ts";
import { resolveImage } from "../image/resolve.ts";
import { encodeDocument } from "../oci/encode.ts";
import type { ImageConfig } from "../oci/image-spec.ts";
import type { RootFilesystem } from "../plan/request.ts";
import { checkContainerId } from "../runtime/container-id.ts";
import { deleteContainer } from "../runtime/delete.ts";
import { kill } from "../runtime/kill.ts";
import { type HeldContainer, runHeld } from "../runtime/run-held.ts";
import { defaultStateRoot } from "../runtime/state-root.ts";
import { defaultStoreRoot } from "../store/root.ts";
import { call } from "../sys/call.ts";
import { OwnedFd, stat } from "../sys/file.ts";
import { exitCodeOf, waitForPid } from "../sys/process.ts";
import { socketPair } from "../sys/socket.ts";
import { isTerminal, terminalSize } from "../sys/terminal.ts";
import { ContainerFolder } from "./container-folder.ts";
import { fillHelloRoot, HELLO_ARGS, helloProgramFd } from "./hello.ts";
import { rootlessIdMaps } from "./id-maps.ts";
import { imageProcess } from "./image-process.ts";
import type { RunContainerOptions } from "./run-options.ts";
import { type IdMaps, runSpec } from "./run-spec.ts";

export type RunEnd =
  | {
      readonly kind: "exited";
      readonly code: number;
      /** From the beginning of this process to the execution of the container's. */
      readonly startedAfterMs: number;
    }
  /** The container goes on; its name. */
  | { readonly kind: "detached"; readonly id: string };

/** Overlayfs then cannot mark a folder that replaces another: mkdir fails with EIO. */
const NO_USER_ATTRIBUTES =
  "the store's file system keeps no user.* attributes: folders of the image cannot be replaced";

/** How names of other hosts are resolved, for a container in the host's network. */
const NAME_FILES = ["/etc/resolv.conf", "/etc/hosts"];

/** The root file system, and what its maker says about processes. */
interface Source {
  readonly rootFilesystem: RootFilesystem;
  readonly config: ImageConfig;
  /** Directories with the image's files, topmost first. */
  readonly files: readonly string[];
}

/** Runs in the foreground: this process's standard streams are the container's. */
export async function runContainer(options: RunContainerOptions): Promise<RunEnd> {
  const { HOME, XDG_DATA_HOME, XDG_RUNTIME_DIR, USER } = process.env;
  const effectiveUid = call("geteuid");
  const storeRoot = options.storeRoot ?? defaultStoreRoot({ effectiveUid, HOME, XDG_DATA_HOME });
  const stateRoot =
    options.stateRoot ?? `${defaultStateRoot({ effectiveUid, XDG_RUNTIME_DIR })}/.engine`;
  const id = options.name ?? randomId();
  checkContainerId(id);
  checkRequest(options);
  const idMaps = rootlessIdMaps(USER);
  using folder = ContainerFolder.create(storeRoot, id);
  let isKept = false;
  try {
    const source = await prepareSource(options, folder, { storeRoot, idMaps });
    const end = await runFrom(source, { options, folder, id, stateRoot, idMaps });
    isKept = end.kind === "detached" || !options.remove;
    return end;
  } finally {
    if (!isKept) {
      await folder.remove(idMaps);
    }
  }
}

/** What can be refused before anything is made. */
function checkRequest({ source, command, mounts }: RunContainerOptions): void {
  if (source.kind === "hello" && command.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "run",
      subject: "hello",
      reason: "it takes no command",
    });
  }
  for (const { source: path } of mounts) {
    if (stat(path) === undefined) {
      throw missing("mount", quote(path));
    }
  }
}

function missing(operation: string, subject: string): OcicatError {
  const reason = "no such file or directory";
  return new OcicatError("not-found", { operation, subject, reason });
}

function randomId(): string {
  const bytes = new Uint8Array(6);
  crypto.getRandomValues(bytes);
  return bytes.toHex();
}

async function prepareSource(
  options: RunContainerOptions,
  folder: ContainerFolder,
  { storeRoot, idMaps }: { readonly storeRoot: string; readonly idMaps: IdMaps | undefined },
): Promise<Source> {
  switch (options.source.kind) {
    case "hello": {
      const path = `${folder.path}/root`;
      fillHelloRoot(path);
      return { rootFilesystem: { kind: "path", path }, config: { Cmd: HELLO_ARGS }, files: [path] };
    }
    case "rootfs": {
      const path = absolute(options.source.path);
      if (stat(path) === undefined) {
        throw missing("run", `the root file system ${quote(path)}`);
      }
      return { rootFilesystem: { kind: "path", path }, config: {}, files: [path] };
    }
    case "image": {
      const image = await resolveImage(options.source.reference, {
        storeRoot,
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      });
      for (const note of image.notes) {
        options.onWarning?.(note);
      }
      if (idMaps !== undefined && !folder.keepsUserAttributes()) {
        options.onWarning?.(NO_USER_ATTRIBUTES);
      }
      const rootFilesystem: RootFilesystem = {
        kind: "overlay",
        lower: image.lower,
        upper: `${folder.path}/upper`,
        work: `${folder.path}/work`,
        userXattr: idMaps !== undefined,
        mountPoint: `${folder.path}/root`,
      };
      return { rootFilesystem, config: image.config, files: image.lower };
    }
  }
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}

interface Run {
  readonly options: RunContainerOptions;
  readonly folder: ContainerFolder;
  readonly id: string;
  readonly stateRoot: string;
  readonly idMaps: IdMaps | undefined;
}

async function runFrom(source: Source, run: Run): Promise<RunEnd> {
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
    stdin: options.interactive,
  });
  const startedAfterMs = performance.now();
  holder[Symbol.dispose]();
  const end = attachTo(client.number, run);
  return finish(end, container, { ...run, startedAfterMs });
}

function configure({ config, files }: Source, { options, id, idMaps }: Run) {
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
  return idMaps === undefined ? `/ocicat/${id}` : undefined;
}

function attachTo(socketFd: number, run: Run): AttachEnd {
  const { options, stateRoot, id } = run;
  return attach({
    socketFd,
    primary: true,
    inputFd: options.interactive ? 0 : undefined,
    outputFd: 1,
    errorFd: 2,
    terminalFd: options.terminal && options.interactive && isTerminal(0) ? 0 : undefined,
    onSignal: (signal) => {
      forward({ stateRoot, id, signal });
    },
  });
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

function finish(
  end: AttachEnd,
  container: HeldContainer,
  { stateRoot, id, startedAfterMs }: Run & { readonly startedAfterMs: number },
): RunEnd {
  if (end.kind === "detached") {
    return { kind: "detached", id };
  }
  if (end.kind === "exited") {
    waitForPid(container.holderPid);
  }
  deleteContainer({ stateRoot, id, force: true });
  if (end.kind === "disconnected" || end.status === undefined) {
    throw new OcicatError("unavailable", {
      operation: "run",
      subject: `container ${quote(id)}`,
      reason: "its holder ended without telling how the container did",
    });
  }
  return { kind: "exited", code: exitCodeOf(end.status), startedAfterMs };
}
