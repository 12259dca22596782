// -v, and what --mount has in common with it.

import { cleanPlace } from "../../engine/mount-places.ts";
import type {
  MountPropagation,
  RunFileSystem,
  RunImageMount,
  RunMount,
  RunVolume,
} from "../../engine/run-options.ts";
import { checkVolumeName } from "../../engine/run-volumes.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { badValue } from "./bad-value.ts";

export type ParsedMount =
  | { readonly kind: "bind"; readonly mount: RunMount }
  | { readonly kind: "volume"; readonly volume: RunVolume }
  | { readonly kind: "image"; readonly image: RunImageMount }
  | { readonly kind: "file-system"; readonly fileSystem: RunFileSystem }
  | { readonly kind: "tmpfs"; readonly tmpfs: string };

/**
 * [SOURCE:]TARGET[:OPTIONS]. A path is a file or folder of the host, a relative one begins with "."; another
 * source is the name of a volume, none at all a new volume.
 */
export function parseVolume(text: string, absolute: (path: string) => string): ParsedMount {
  const parts = text.split(":");
  const [source, target = "", options = "", ...more] = parts.length === 1 ? ["", ...parts] : parts;
  if (more.length > 0 || (source === "" && parts.length > 1)) {
    throw badValue("volume", text, "it is not of the form [SOURCE:]TARGET[:OPTIONS]");
  }
  const destination = insidePath("volume", text, target);
  const { readOnly, copies, propagation, isMapped } = volumeOptions(text, options);
  const path = source === undefined ? undefined : hostPath(source, absolute);
  if (path === undefined) {
    return { kind: "volume", volume: volumeOf(source, { destination, readOnly, copies }) };
  }
  const ways = { ...(propagation && { propagation }), ...(isMapped && { idMapped: true }) };
  return { kind: "bind", mount: { source: path, destination, readOnly, ...ways } };
}

export function volumeOf(name: string | undefined, volume: Omit<RunVolume, "name">): RunVolume {
  if (name === undefined || name === "") {
    return volume;
  }
  checkVolumeName(name);
  return { name, ...volume };
}

/** Undefined: it is no path. */
function hostPath(source: string, absolute: (path: string) => string): string | undefined {
  return /^(\/|\.{1,2}(\/|$))/.test(source) ? absolute(source) : undefined;
}

interface VolumeOptions {
  readonly readOnly: boolean;
  readonly copies: boolean;
  readonly propagation: MountPropagation | undefined;
  /** Volumes are so in any case. */
  readonly isMapped: boolean;
}

/** z and Z ask for SELinux labels, which there are none of here; the last three are Docker Desktop's. */
const IGNORED_OPTIONS = ["", "rw", "z", "Z", "rbind", "cached", "delegated", "consistent"];

function volumeOptions(text: string, options: string): VolumeOptions {
  const words = options.split(",");
  if (words.includes("U")) {
    const reason = "files of the host are not given to other users";
    throw badValue("volume", text, reason, "idmap shows them with the container's ids");
  }
  const known = ["ro", "readonly", "nocopy", "idmap", ...IGNORED_OPTIONS];
  const unknown = words.find((word) => !known.includes(word) && propagationOf(word) === undefined);
  if (unknown !== undefined) {
    throw badValue(
      "volume",
      text,
      `the option ${unknown} is not known: ro, rw, nocopy, idmap, rshared, rslave, rprivate are`,
    );
  }
  if (words.includes("rw") && (words.includes("ro") || words.includes("readonly"))) {
    throw badValue("volume", text, "it can't be both ro and rw");
  }
  return {
    readOnly: words.includes("ro") || words.includes("readonly"),
    copies: !words.includes("nocopy"),
    propagation: words.map(propagationOf).find((word) => word !== undefined),
    isMapped: words.includes("idmap"),
  };
}

/** `places`: of all mounts, clean. One of two in the same place would hide the other. */
export function requirePlaces(places: readonly string[]): void {
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice !== undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "mount on",
      subject: quote(twice),
      reason: "two mounts are asked for there",
    });
  }
}

export const PROPAGATIONS: readonly MountPropagation[] = [
  "private",
  "rprivate",
  "shared",
  "rshared",
  "slave",
  "rslave",
];

export function propagationOf(word: string): MountPropagation | undefined {
  return PROPAGATIONS.find((each) => each === word);
}

export function insidePath(flag: string, text: string, path: string): string {
  if (!path.startsWith("/")) {
    throw badValue(flag, text, "the path inside is not absolute");
  }
  const place = cleanPlace(path);
  if (place === "/") {
    throw badValue(flag, text, "the container's root is its image's");
  }
  return place;
}
