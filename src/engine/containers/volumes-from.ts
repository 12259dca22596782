// --volumes-from: what another container has mounted, in the same places. What is asked for itself wins.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { cleanPlace, mountPlaces } from "../mount-places.ts";
import type { RunContainerOptions, RunVolumesFrom } from "../run-options.ts";
import { ContainerFolder } from "./container-folder.ts";
import { findContainerId } from "./container-names.ts";
import { type ContainerRecord, readContainerRecord } from "./container-record.ts";

export function takeVolumesFrom(
  { volumesFrom = [], ...options }: RunContainerOptions,
  storeRoot: string,
): RunContainerOptions {
  return volumesFrom.reduce(
    (taken: RunContainerOptions, from) => withVolumesOf(taken, from, readRecord(from, storeRoot)),
    options,
  );
}

function readRecord({ container }: RunVolumesFrom, storeRoot: string): ContainerRecord {
  using folder = ContainerFolder.open(storeRoot, findContainerId(storeRoot, container));
  const record = readContainerRecord(folder.fd);
  if (record === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `container ${quote(container)}`,
      reason: "it is being removed",
    });
  }
  return record;
}

function withVolumesOf(
  options: RunContainerOptions,
  { readOnly }: RunVolumesFrom,
  { options: theirs }: ContainerRecord,
): RunContainerOptions {
  const own = new Set(mountPlaces(options));
  const isFree = ({ destination }: { readonly destination: string }) =>
    !own.has(cleanPlace(destination));
  const volumes = (theirs.volumes ?? []).filter(isFree).map(({ anonymous: _, ...volume }) => ({
    ...volume,
    readOnly: readOnly || volume.readOnly,
  }));
  const mounts = theirs.mounts
    .filter(isFree)
    .map((mount) => ({ ...mount, readOnly: readOnly || mount.readOnly }));
  return {
    ...options,
    mounts: [...options.mounts, ...mounts],
    volumes: [...(options.volumes ?? []), ...volumes],
  };
}
