// What is mounted in a container only while it runs, and where its files are meanwhile: cp finds those of volumes and
// of folders of the host there, as docker and podman do.

import { S_IFDIR, S_IFMT } from "../../abi/file.ts";
import { pathComponents } from "../../oci/path-components.ts";
import { stat } from "../../sys/file.ts";
import { mountIdMaps } from "../id-maps.ts";
import { storedMountPlaces } from "../mount-places.ts";
import type { RunMount, RunVolume } from "../run-options.ts";
import { dataPath } from "../run-volumes.ts";
import type { CopyFiles } from "./copy-side.ts";
import type { StoredContainer } from "./stored-container.ts";

export interface AbsentMount {
  /** Relative to the container's root. */
  readonly place: string;
  /** The files, with owners as the container's own files have them; undefined: they can't be had without the mount. */
  readonly source?: { readonly folder: string; readonly readOnly: boolean };
}

/** Of one that does not run. */
export function absentMounts(container: StoredContainer): readonly AbsentMount[] {
  const { options } = container.record;
  const { storeRoot } = container.surroundings;
  const mounts = [
    ...options.mounts.map((mount) => [mount, folderOfMount(mount, container)] as const),
    ...(options.volumes ?? []).map(
      (volume) => [volume, folderOfVolume(volume, storeRoot)] as const,
    ),
  ].map(([{ destination, readOnly }, folder]) => ({
    place: relative(destination),
    ...(isFolder(folder) ? { source: { folder, readOnly } } : {}),
  }));
  const known = new Set(mounts.map(({ place }) => place));
  const others = storedMountPlaces(options).map(relative);
  return [...mounts, ...others.filter((place) => !known.has(place)).map((place) => ({ place }))];
}

/** A part is none: a container that has the whole may have put a link in its place. */
function folderOfMount(
  { source, subpath, idMapped = false }: RunMount,
  { record, surroundings }: StoredContainer,
): string | undefined {
  const hasOtherOwners = !idMapped && mountIdMaps(record.options) !== undefined;
  const isOfVolume = source.startsWith(`${surroundings.storeRoot}/`);
  return hasOtherOwners || isOfVolume || subpath !== undefined ? undefined : source;
}

/** As with folders of the host, not of a part. */
function folderOfVolume(
  { name, mounted, subpath }: RunVolume,
  storeRoot: string,
): string | undefined {
  if (subpath !== undefined) {
    return undefined;
  }
  if (mounted === undefined) {
    return name === undefined ? undefined : dataPath(storeRoot, name);
  }
  return mounted.type === "bind" && !mounted.options.includes("ro") ? mounted.source : undefined;
}

function isFolder(path: string | undefined): path is string {
  return path !== undefined && ((stat(path)?.mode ?? 0) & S_IFMT) === S_IFDIR;
}

function relative(path: string): string {
  return pathComponents(path).join("/");
}

/** The files at `path`, by its letters: those of the innermost mount that it leads into. */
export function filesAt(
  files: Omit<CopyFiles, "path">,
  mounts: readonly AbsentMount[],
  path: string,
): CopyFiles {
  const components = pathComponents(path);
  const inside = `${components.join("/")}/`;
  const mount = mounts
    .filter(({ place }) => inside.startsWith(`${place}/`))
    .toSorted((one, other) => other.place.length - one.place.length)
    .at(0);
  if (mount?.source === undefined) {
    return { ...files, path };
  }
  const { place, source } = mount;
  const rest = components.slice(place.split("/").length).join("/");
  const [end = ""] = /\/\.?$/.exec(path) ?? [];
  return {
    ...files,
    root: { kind: "path", path: source.folder },
    givenPath: path,
    path: rest === "" ? `/${end === "/." ? "." : ""}` : `/${rest}${end}`,
    ...(rest === "" && end !== "/." ? { rootName: components.at(-1) ?? "" } : {}),
    absentMounts: mounts
      .filter((other) => other.place.startsWith(`${place}/`))
      .map((other) => other.place.slice(place.length + 1)),
    readOnly: source.readOnly,
  };
}
