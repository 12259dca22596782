// clone: a container like another one. It has what that one was asked for, not what it has written; volumes with a
// name are the same, those without are its own.

import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import { openImage } from "../run-image.ts";
import { checkMemory, type RunLimits } from "../run-limits.ts";
import { hostsName } from "../run-names.ts";
import type { RunContainerOptions, RunUsers, RunVolume } from "../run-options.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { idOfName } from "./container-names.ts";
import type { ContainerRecord, StoredOptions } from "./container-record.ts";
import { createContainer } from "./create-container.ts";
import { openContainer } from "./stored-container.ts";
import { mergedLimits } from "./update-container.ts";

export interface CloneContainerOptions extends SurroundingsOptions {
  /** "NAME-clone" when absent. */
  readonly name?: string | undefined;
  /** In place of the one that it is made from. */
  readonly image?: string | undefined;
  /** In place of its own. */
  readonly pod?: string | undefined;
  /** What is not named stays as it is. */
  readonly limits?: RunLimits;
}

/** Returns the id of the new container, which does not run. */
export async function cloneContainer(
  word: string,
  { name, image, pod, limits = {}, ...place }: CloneContainerOptions,
): Promise<string> {
  using container = await openContainer(word, place);
  const { record } = container;
  const surroundings = await readSurroundings(place);
  const asked = askedAgain(record.options);
  const merged = mergedLimits(asked.limits, limits);
  checkMemory(merged);
  const options = {
    ...asked,
    ...(place.onWarning === undefined ? {} : { onWarning: place.onWarning }),
    source: await sourceOf(record, image, surroundings),
    limits: merged,
    name: name ?? freeName(record.name, surroundings),
    ...(pod === undefined ? {} : { pod }),
  };
  const idMaps = rootlessIdMaps(process.env["USER"]);
  using made = await createContainer(options, surroundings, idMaps);
  return made.record.id;
}

function freeName(name: string, { storeRoot }: Surroundings): string {
  for (let count = 0; ; count += 1) {
    const tried = `${name}-clone${count === 0 ? "" : count}`;
    if (idOfName(storeRoot, tried) === undefined) {
      return tried;
    }
  }
}

/** By its name as long as that means the same image. */
async function sourceOf(
  { image: recorded, options }: ContainerRecord,
  image: string | undefined,
  surroundings: Surroundings,
): Promise<RunContainerOptions["source"]> {
  if (image !== undefined) {
    return { kind: "image", reference: image };
  }
  if (recorded === undefined) {
    return options.source;
  }
  const { name, digest } = recorded;
  try {
    using found = await openImage(name, { ...options, pullPolicy: "never" }, surroundings);
    return { kind: "image", reference: found.digest === digest ? name : digest };
  } catch {
    return { kind: "image", reference: digest };
  }
}

/** What a record has of what was asked for, without what follows from its own files, pod and ids. */
function askedAgain(options: StoredOptions): StoredOptions {
  const { idFile: _id, pidFile: _pid, holderPidFile: _holder, ...stored } = options;
  const { pod, hostname, users, volumes, cgroupParent, namespaces = {}, ...others } = stored;
  const isPods = (mode: string | undefined): boolean => mode === `container:${pod}`;
  const own = Object.entries(namespaces).filter(([, mode]) => !isPods(mode));
  const hasHostsName = options.network === "host" && hostname === hostsName();
  const isPodsName = pod !== undefined && isPods(namespaces.uts);
  const isPodsCgroup = pod !== undefined && cgroupParent?.includes(pod) === true;
  return {
    ...others,
    ...(pod === undefined ? {} : { pod, network: "none" }),
    ...(hostname === undefined || hasHostsName || isPodsName ? {} : { hostname }),
    ...(cgroupParent === undefined || isPodsCgroup ? {} : { cgroupParent }),
    ...(users === undefined || isPods(joinedBy(users)) ? {} : { users: usersAgain(users) }),
    ...(volumes === undefined ? {} : { volumes: volumes.map(volumeAgain) }),
    namespaces: Object.fromEntries(own),
  };
}

function joinedBy(users: RunUsers): string | undefined {
  return users.kind === "maps" ? users.joins : undefined;
}

/** Ids that no other container has are not this one's either. */
function usersAgain(users: RunUsers): RunUsers {
  if (users.kind !== "maps" || users.isAuto !== true) {
    return users;
  }
  return { kind: "auto", size: users.uid.reduce((sum, { size }) => sum + size, 0) };
}

function volumeAgain({ mounted: _, anonymous, name, ...volume }: RunVolume): RunVolume {
  return anonymous === true || name === undefined ? volume : { ...volume, name };
}
