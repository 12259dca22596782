// Where a container has something mounted that it was asked for, or that its secrets need. No I/O.

import { pathComponents } from "../oci/path-components.ts";
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

/** As a mount finds it: "/a//b/./c/" is "/a/b/c", and nothing is above "/". */
export function cleanPlace(path: string): string {
  return `/${pathComponents(path).join("/")}`;
}

/** Paths inside. Those that are nothing but memory are not among them. */
export function storedMountPlaces({ mounts, volumes, imageMounts }: MountOptions): string[] {
  return [...mounts, ...(volumes ?? []), ...(imageMounts ?? [])].map(({ destination }) =>
    cleanPlace(destination),
  );
}

/** All of them. */
export function mountPlaces(options: MountOptions): string[] {
  const { tmpfs, fileSystems = [], secrets = [] } = options;
  const others = [
    ...tmpfs.map((text) => text.split(":", 1)[0] ?? ""),
    ...(options.podMemory ?? []).map(({ destination }) => destination),
    ...(options.timeZone === undefined ? [] : [LOCAL_TIME]),
    ...fileSystems.map(({ destination }) => destination),
    ...secrets.flatMap((secret) => (secret.kind === "mount" ? [secret.target] : [])),
  ];
  return [...storedMountPlaces(options), ...others.map(cleanPlace)];
}
