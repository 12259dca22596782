// Makes a container: its image in place, its folder, its name and what it is to be. Nothing runs yet.

import { O_CREAT, O_TRUNC, O_WRONLY } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { OwnedFd, openAt } from "../../sys/file.ts";
import { endPhase } from "../../sys/phases.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { fileIdMaps } from "../id-maps.ts";
import { imageArguments } from "../image-process.ts";
import { imageOf, type RunImage } from "../run-image.ts";
import { needsFirstVersion } from "../run-limits.ts";
import type { RunContainerOptions } from "../run-options.ts";
import { builtInArguments, checkRequest, settleImage } from "../run-source.ts";
import type { IdMaps } from "../run-spec.ts";
import type { Surroundings } from "../surroundings.ts";
import {
  imageForUsers,
  requireSecrets,
  withFreeUsers,
  withIds,
  withImageDefaults,
  withImageMounts,
  withOthersVolumes,
  withUsers,
  withVolumes,
  writeIdFile,
} from "./chosen-options.ts";
import { ContainerFolder } from "./container-folder.ts";
import {
  checkContainerName,
  claimName,
  randomContainerId,
  releaseName,
} from "./container-names.ts";
import {
  type ContainerRecord,
  type StoredOptions,
  writeContainerRecord,
} from "./container-record.ts";
import { removeExecFolders } from "./exec-folder.ts";
import { randomContainerName } from "./random-name.ts";
import { recordedImage } from "./recorded-image.ts";
import { forgetRestart } from "./restart-record.ts";

/** A container that is there, open; whoever disposes of it leaves the container as it is. */
export interface OpenContainer extends Disposable {
  readonly record: ContainerRecord;
  readonly folder: ContainerFolder;
  /** Its image's files, in use. Undefined: it has none. */
  readonly image: RunImage | undefined;
}

/** One that has just been made. */
export interface NewContainer extends OpenContainer {
  /** Of its folder: until it is disposed of nobody else starts, settles or removes the container. */
  readonly lock: Disposable;
}

/** Throws "already-exists" for a name in use. What did not come to be leaves nothing. */
export async function createContainer(
  asked: RunContainerOptions,
  surroundings: Surroundings,
  idMaps: IdMaps | undefined,
): Promise<NewContainer> {
  const { storeRoot } = surroundings;
  await checkAskedNames(asked);
  const withPod = await inPod(asked, surroundings);
  const others = await withOthersVolumes(withIds(withPod, storeRoot), storeRoot);
  const named = await withUsers(others, surroundings, idMaps);
  if (named.name !== undefined) {
    checkContainerName(named.name);
  }
  checkRequest(named);
  await checkLimits(named);
  await requireSecrets(named, storeRoot);
  using parts = new DisposableStack();
  // An image is there, whatever time that takes, before anything of the container is.
  const found = { image: parts.use(await imageOf(named, surroundings)) };
  using mounted = await withImageMounts(named, surroundings);
  using users = await withFreeUsers(mounted.options, { ...found, surroundings, idMaps });
  const isOther = users.options.users !== named.users;
  const opened = isOther
    ? { image: parts.use(await imageForUsers(found.image, users.options, surroundings)) }
    : found;
  using chosen = await withVolumes(users.options, { ...opened, surroundings, idMaps });
  using _pod = await podInUse(named, surroundings);
  const { folder, lock } = ContainerFolder.create(storeRoot, randomContainerId());
  const made = { ...opened, folder: parts.use(folder), lock: parts.use(lock) };
  const filled = orRemove(made.folder, idMaps, () => {
    mounted.note(folder.fd);
    return fill(made, chosen.options, { storeRoot, idMaps });
  });
  const record = await filled.catch(async (error: unknown) => {
    await chosen.undo();
    throw error;
  });
  const held = parts.move();
  recordContainerEvent({ surroundings, record }, "create");
  endPhase("container");
  return { ...made, record, [Symbol.dispose]: () => held.dispose() };
}

/** Those that are asked for: the host's own are as they are. */
async function checkAskedNames(asked: RunContainerOptions): Promise<void> {
  if ((asked.hostname ?? asked.domainName ?? asked.names) !== undefined) {
    const { checkNames } = await import("../check-names.ts");
    checkNames(asked);
  }
}

async function checkLimits({ limits }: RunContainerOptions): Promise<void> {
  if (needsFirstVersion(limits)) {
    const { requireFirstVersion } = await import("../first-version-limits.ts");
    requireFirstVersion(limits);
  }
}

async function inPod(
  options: RunContainerOptions,
  surroundings: Surroundings,
): Promise<RunContainerOptions> {
  const { pod } = options;
  if (pod === undefined) {
    return options;
  }
  const { withPod } = await import("../pods/member-options.ts");
  return withPod({ ...options, pod }, surroundings);
}

async function podInUse(
  { pod }: RunContainerOptions,
  surroundings: Surroundings,
): Promise<Disposable | undefined> {
  return pod === undefined
    ? undefined
    : (await import("../pods/member-options.ts")).keepPod(pod, surroundings);
}

type Made = Pick<OpenContainer, "image" | "folder">;

async function fill(
  { image, folder }: Made,
  options: RunContainerOptions,
  { storeRoot, idMaps }: { readonly storeRoot: string; readonly idMaps: IdMaps | undefined },
): Promise<ContainerRecord> {
  settleImage(image, folder);
  const maps = fileIdMaps(options);
  if (image !== undefined && maps !== undefined && idMaps !== undefined) {
    const { giveWritableLayer } = await import("../users/give-files.ts");
    giveWritableLayer(folder.fd, image.root.lower[0], { maps, counted: idMaps });
  }
  // A log from the start: whoever looks for it before the first line finds it.
  new OwnedFd(openAt(folder.fd, "log", O_WRONLY | O_CREAT | O_TRUNC, 0o640))[Symbol.dispose]();
  const chosen = withImageDefaults(options, image?.config ?? {});
  return nameAndWrite(storeRoot, folder, newRecord(chosen, { id: folder.id, image }));
}

async function orRemove<Result>(
  folder: ContainerFolder,
  idMaps: IdMaps | undefined,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    await removeUnborn(folder, idMaps, error);
    throw error;
  }
}

async function removeUnborn(
  folder: ContainerFolder,
  idMaps: IdMaps | undefined,
  error: unknown,
): Promise<void> {
  try {
    await folder.remove(idMaps);
  } catch (failure) {
    if (error instanceof OcicatError) {
      error.cleanupFailures.push(failure);
    }
  }
}

function newRecord(
  options: RunContainerOptions,
  { id, image }: { readonly id: string; readonly image: RunImage | undefined },
): Omit<ContainerRecord, "name"> & { readonly name: string | undefined } {
  const { source } = options;
  return {
    id,
    name: options.name,
    created: new Date().toISOString(),
    ...(source.kind === "image" && image !== undefined
      ? { image: recordedImage(source.reference, image.digest, image.config) }
      : {}),
    command: builtInArguments(source) ?? imageArguments(image?.config ?? {}, options),
    options: storedOptions(options),
  };
}

function storedOptions(options: RunContainerOptions): StoredOptions {
  const {
    progress: _progress,
    signal: _signal,
    onWarning: _onWarning,
    outputFd: _outputFd,
    errorFd: _errorFd,
    standsStill: _standsStill,
    storeRoot: _storeRoot,
    stateRoot: _stateRoot,
    detach: _detach,
    registry: _registry,
    attached: _attached,
    detachKeys: _detachKeys,
    keepsSignals: _keepsSignals,
    preserveFds: _preserveFds,
    ...stored
  } = options;
  return stored;
}

const NAME_ATTEMPTS = 20;

/** The name first: what has a record has its name. */
function nameAndWrite(
  storeRoot: string,
  folder: ContainerFolder,
  record: ReturnType<typeof newRecord>,
): ContainerRecord {
  const { id } = record;
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
    const name = record.name ?? randomContainerName(attempt);
    if (claimName(storeRoot, name, id)) {
      const named = { ...record, name };
      writeOrRelease(storeRoot, folder, named);
      return named;
    }
    if (record.name !== undefined) {
      break;
    }
  }
  throw new OcicatError("already-exists", {
    operation: "create",
    subject: `${record.options.source.kind === "pause" ? "pod" : "container"} ${quote(record.name ?? "")}`,
    reason: "the name is in use by another container or pod",
    hint: `\`ocicat rm ${record.name ?? "NAME"}\` removes that one, --name gives this one another name`,
  });
}

function writeOrRelease(storeRoot: string, folder: ContainerFolder, record: ContainerRecord): void {
  const { idFile } = record.options;
  try {
    if (idFile !== undefined) {
      writeIdFile(idFile, record.id);
    }
    writeContainerRecord(folder.fd, record);
  } catch (error) {
    releaseName(storeRoot, record.name, record.id);
    throw error;
  }
}

/** The container is gone for everyone once its record is; then its name and its files go. */
export async function removeContainerFiles(
  { record, folder }: Pick<OpenContainer, "record" | "folder">,
  surroundings: Surroundings,
  idMaps: IdMaps | undefined,
): Promise<void> {
  const once = `destroy ${record.id}`;
  await folder.remove(idMaps, () =>
    recordContainerEvent({ surroundings, record }, "destroy", { once }),
  );
  removeExecFolders(surroundings, record.id);
  forgetRestart(surroundings.stateRoot, record.id);
  releaseName(surroundings.storeRoot, record.name, record.id);
  if (record.options.remove) {
    await removeOwnVolumes(record, surroundings, idMaps);
  }
}

/** The volumes that it alone had, once it is gone. */
export async function removeOwnVolumes(
  { options }: ContainerRecord,
  surroundings: Surroundings,
  idMaps: IdMaps | undefined,
): Promise<void> {
  if (options.volumes?.some(({ anonymous }) => anonymous === true) === true) {
    const { removeVolumesOf } = await import("../volumes/remove-own-volumes.ts");
    await removeVolumesOf(options, surroundings, idMaps);
  }
}
