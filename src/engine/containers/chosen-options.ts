// What a container's record keeps of what was asked for: names of other containers as their ids, and what
// the image says where nothing was asked for.

import { O_CREAT, O_EXCL, O_WRONLY } from "../../abi/file.ts";
import type { ImageConfig } from "../../oci/image-spec.ts";
import { OwnedFd, open, writeAll } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { withImageHealth, withImageShell } from "../health/health-check.ts";
import type { ChosenImages } from "../image-mounts.ts";
import { imageOf, type RunImage } from "../run-image.ts";
import { hostsName } from "../run-names.ts";
import { joinsContainer, withContainerIds } from "../run-namespaces.ts";
import type { RunContainerOptions } from "../run-options.ts";
import type { IdMaps } from "../run-spec.ts";
import { wantedVolumes, withImageTmpfs } from "../run-volumes.ts";
import type { Surroundings } from "../surroundings.ts";
import { findContainerId } from "./container-names.ts";

/** Throws "not-found" for a container that is not there. */
export function withIds(options: RunContainerOptions, storeRoot: string): RunContainerOptions {
  const requires = options.requires?.map((word) => findContainerId(storeRoot, word));
  return {
    ...options,
    ...withContainerIds(options, storeRoot),
    ...hostsHostname(options),
    ...(requires === undefined ? {} : { requires }),
  };
}

/** In the host's network a container has the host's name, as with docker and podman. */
function hostsHostname({ network, hostname }: RunContainerOptions): { hostname?: string } {
  const name = network === "host" && hostname === undefined ? hostsName() : undefined;
  return name === undefined ? {} : { hostname: name };
}

/** Throws "not-found" for a container that is not there. */
export async function withOthersVolumes(
  options: RunContainerOptions,
  storeRoot: string,
): Promise<RunContainerOptions> {
  if (options.volumesFrom === undefined) {
    return options;
  }
  const { takeVolumesFrom } = await import("./volumes-from.ts");
  return takeVolumesFrom(options, storeRoot);
}

export function withImageDefaults(
  { health: asked, startupProbe, ...options }: RunContainerOptions,
  config: ImageConfig,
): RunContainerOptions {
  const { StopSignal = "" } = config;
  const isWanted = options.stopSignal === undefined && StopSignal !== "";
  const health = withImageHealth(asked, config);
  if (health === undefined && asked !== undefined && asked.test === undefined) {
    options.onWarning?.("there is no health check to time: --health-cmd says what to execute");
  }
  return {
    ...options,
    ...(isWanted ? { stopSignal: StopSignal } : {}),
    ...(health === undefined ? {} : { health }),
    ...(startupProbe === undefined ? {} : { startupProbe: withImageShell(startupProbe, config) }),
  };
}

/** Throws "not-found" for a secret that is not there. */
export async function requireSecrets(
  { secrets }: RunContainerOptions,
  storeRoot: string,
): Promise<void> {
  if (secrets !== undefined) {
    const { checkSecrets } = await import("../secrets/place-secrets.ts");
    checkSecrets(secrets, storeRoot);
  }
}

/** Until it is disposed of nobody collects the images that it has mounted. */
export async function withImageMounts(
  options: RunContainerOptions,
  surroundings: Surroundings,
): Promise<ChosenImages> {
  if (options.imageMounts === undefined) {
    return { options, note: () => undefined, [Symbol.dispose]: () => undefined };
  }
  const { chooseImageMounts } = await import("../image-mounts.ts");
  return chooseImageMounts(options, surroundings);
}

export interface WithUsers extends Disposable {
  readonly options: RunContainerOptions;
}

/** The ids of its users, unless they depend on the image. `counted`: of an ordinary user. */
export async function withUsers(
  options: RunContainerOptions,
  surroundings: Surroundings,
  counted: IdMaps | undefined,
): Promise<RunContainerOptions> {
  const isOthers = counted !== undefined && joinsContainer(options) !== undefined;
  const isMapped = options.mounts.some(({ idMapped }) => idMapped);
  if (options.users === undefined && !isMapped && !isOthers) {
    return options;
  }
  const { chooseUsers } = await import("../users/choose-users.ts");
  return chooseUsers(options, { surroundings, counted });
}

/** Until it is disposed of nobody else gets the same ids: then the container's record has to have them. */
export async function withFreeUsers(
  options: RunContainerOptions,
  { surroundings, image, idMaps: counted }: VolumeContext,
): Promise<WithUsers> {
  const { users } = options;
  if (users?.kind !== "auto") {
    return { options, [Symbol.dispose]: () => undefined };
  }
  const { chooseFreeUsers } = await import("../users/choose-users.ts");
  return chooseFreeUsers(options, users, { surroundings, counted, image });
}

/** Once more, in the form that the ids which have been found for it need. */
export async function imageForUsers(
  image: RunImage | undefined,
  options: RunContainerOptions,
  surroundings: Surroundings,
): Promise<RunImage | undefined> {
  if (image === undefined) {
    return undefined;
  }
  const source = { kind: "image", reference: image.digest } as const;
  return imageOf({ ...options, source, pullPolicy: "never" }, surroundings);
}

/** A container's options with every volume there and named. */
export interface ChosenVolumes extends Disposable {
  readonly options: RunContainerOptions;
  /** What did not come to be leaves no volumes of its own. */
  undo(): Promise<void>;
}

export interface VolumeContext {
  readonly surroundings: Surroundings;
  readonly image: RunImage | undefined;
  readonly idMaps: IdMaps | undefined;
}

/** Until it is disposed of no volume is removed: then the container's record has to name them. */
export async function withVolumes(
  asked: RunContainerOptions,
  context: VolumeContext,
): Promise<ChosenVolumes> {
  const config = context.image?.config ?? {};
  const options = withImageTmpfs(asked, config);
  const wanted = wantedVolumes(options, config);
  if (wanted.length === 0) {
    return { options, undo: () => Promise.resolve(), [Symbol.dispose]: () => undefined };
  }
  const { chooseVolumes } = await import("../volumes/container-volumes.ts");
  return chooseVolumes(options, wanted, context);
}

/** Throws "already-exists" where something is. */
export function writeIdFile(path: string, id: string): void {
  using file = new OwnedFd(open(path, O_WRONLY | O_CREAT | O_EXCL, 0o644));
  writeAll(file.number, encodeText(id), path);
}
