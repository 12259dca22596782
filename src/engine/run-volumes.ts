// Which volumes a container has: those that it was asked for, and those that its image wants.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ImageConfig } from "../oci/image-spec.ts";
import { cleanPlace, mountPlaces } from "./mount-places.ts";
import type { RunContainerOptions, RunVolume } from "./run-options.ts";

/** Docker's and podman's. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

export function isVolumeName(name: string): boolean {
  return NAME.test(name);
}

export function checkVolumeName(name: string): void {
  if (!isVolumeName(name)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the volume's name ${quote(name)}`,
      reason: "it is not made of letters, digits, _, . and -",
    });
  }
}

/** STORE/volumes/NAME/_data: src/engine/volumes/volume-store.ts. */
export function dataPath(storeRoot: string, name: string): string {
  return `${storeRoot}/volumes/${name}/_data`;
}

/** The image's stay away where something else is mounted. */
export function wantedVolumes(
  options: RunContainerOptions,
  { Volumes }: ImageConfig,
): readonly RunVolume[] {
  const { volumes = [], imageVolumes } = options;
  const places = imageVolumes === undefined ? imageVolumePlaces(options, Volumes) : [];
  const images = places.map((destination) => ({ destination, readOnly: false, copies: true }));
  return [...volumes, ...images];
}

/** In memory in place of them, where that is asked for. */
export function withImageTmpfs(
  options: RunContainerOptions,
  { Volumes }: ImageConfig,
): RunContainerOptions {
  const places = options.imageVolumes === "tmpfs" ? imageVolumePlaces(options, Volumes) : [];
  return { ...options, tmpfs: [...options.tmpfs, ...places] };
}

function imageVolumePlaces(
  options: RunContainerOptions,
  wanted: ImageConfig["Volumes"] = {},
): string[] {
  const taken = new Set(mountPlaces(options));
  return Object.keys(wanted)
    .map(cleanPlace)
    .filter((path) => path !== "/" && !taken.has(path));
}
