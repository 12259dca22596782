// Where a container has something mounted that it was asked for, or that its secrets need. No I/O.

import type { RunContainerOptions } from "./run-options.ts";
import { LOCAL_TIME } from "./time-zone.ts";

type MountOptions = Pick<
  RunContainerOptions,
  | "mounts"
  | "volumes"
  | "timeZone"
  | "tmpfs"
  | "podMemory"
  | "imageMounts"
  | "fileSystems"
  | "secrets"
>;

/** Paths inside, as they were given. Those that are nothing but memory are not among them. */
export function storedMountPlaces({ mounts, volumes, imageMounts }: MountOptions): string[] {
  return [...mounts, ...(volumes ?? []), ...(imageMounts ?? [])].map(
    ({ destination }) => destination,
  );
}

/** All of them. */
export function mountPlaces(options: MountOptions): string[] {
  const { tmpfs, fileSystems = [], secrets = [] } = options;
  return [
    ...storedMountPlaces(options),
    ...tmpfs.map((text) => text.split(":", 1)[0] ?? ""),
    ...(options.podMemory ?? []).map(({ destination }) => destination),
    ...(options.timeZone === undefined ? [] : [LOCAL_TIME]),
    ...fileSystems.map(({ destination }) => destination),
    ...secrets.flatMap((secret) => (secret.kind === "mount" ? [secret.target] : [])),
  ];
}
