// -v, --mount and --tmpfs.

import type {
  MountPropagation,
  RunFileSystem,
  RunImageMount,
  RunMount,
  RunVolume,
} from "../../engine/run-options.ts";
import { checkVolumeName } from "../../engine/run-volumes.ts";
import { mountFields } from "./mount-fields.ts";
import { badValue } from "./values.ts";

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
export function parseVolume(text: string, workingDirectory: string): ParsedMount {
  const parts = text.split(":");
  const [source, target = "", options = "", ...more] = parts.length === 1 ? ["", ...parts] : parts;
  if (more.length > 0 || (source === "" && parts.length > 1)) {
    throw badValue("volume", text, "it is not of the form [SOURCE:]TARGET[:OPTIONS]");
  }
  const destination = insidePath("volume", text, target);
  const { readOnly, copies, propagation, isMapped } = volumeOptions(text, options);
  const path = source === undefined ? undefined : hostPath(source, workingDirectory);
  if (path === undefined) {
    return { kind: "volume", volume: volumeOf(source, { destination, readOnly, copies }) };
  }
  const ways = { ...(propagation && { propagation }), ...(isMapped && { idMapped: true }) };
  return { kind: "bind", mount: { source: path, destination, readOnly, ...ways } };
}

function volumeOf(name: string | undefined, volume: Omit<RunVolume, "name">): RunVolume {
  if (name === undefined || name === "") {
    return volume;
  }
  checkVolumeName(name);
  return { name, ...volume };
}

/** Undefined: it is no path. */
function hostPath(source: string, workingDirectory: string): string | undefined {
  if (source.startsWith("/")) {
    return source;
  }
  return /^\.{1,2}(\/|$)/.test(source) ? `${workingDirectory}/${source}` : undefined;
}

interface VolumeOptions {
  readonly readOnly: boolean;
  readonly copies: boolean;
  readonly propagation: MountPropagation | undefined;
  /** Volumes are so in any case. */
  readonly isMapped: boolean;
}

/** z and Z ask for SELinux labels, which there are none of here. */
const IGNORED_OPTIONS = ["", "rw", "z", "Z", "rbind"];

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
  return {
    readOnly: words.includes("ro") || words.includes("readonly"),
    copies: !words.includes("nocopy"),
    propagation: words.map(propagationOf).find((word) => word !== undefined),
    isMapped: words.includes("idmap"),
  };
}

const PROPAGATIONS: readonly MountPropagation[] = [
  "private",
  "rprivate",
  "shared",
  "rshared",
  "slave",
  "rslave",
];

function propagationOf(word: string): MountPropagation | undefined {
  return PROPAGATIONS.find((each) => each === word);
}

function insidePath(flag: string, text: string, path: string): string {
  if (!path.startsWith("/")) {
    throw badValue(flag, text, "the path inside is not absolute");
  }
  return path;
}

/** TARGET[:OPTIONS]. */
export function parseTmpfs(text: string): string {
  insidePath("tmpfs", text, text.split(":", 1)[0] ?? "");
  return text;
}

/** type=bind,source=/a,target=/b,readonly; type=volume,source=NAME,target=/b; type=tmpfs,target=/b. */
export function parseMount(text: string, workingDirectory: string): ParsedMount {
  const fields = mountFields(text);
  const destination = insidePath("mount", text, fields.get("target") ?? "");
  const readOnly = isTrue(fields.get("readonly"));
  switch (fields.get("type") ?? "volume") {
    case "bind":
      return bindOf(text, { destination, readOnly }, { fields, workingDirectory });
    case "volume": {
      const copies = !isTrue(fields.get("volume-nocopy"));
      const volume = { destination, readOnly, copies };
      return { kind: "volume", volume: volumeOf(fields.get("source"), volume) };
    }
    case "tmpfs":
      return tmpfsOf(destination, readOnly, fields);
    case "image":
      return imageOf(text, destination, fields);
    case "devpts":
    case "ramfs": {
      const type = fields.get("type") === "ramfs" ? "ramfs" : "devpts";
      const options = ["uid", "gid", "mode", "max"].flatMap((key) => dataOf(fields, key));
      return { kind: "file-system", fileSystem: { type, destination, options } };
    }
    default:
      throw badValue(
        "mount",
        text,
        "its type is none of bind, volume, tmpfs, image, devpts, ramfs",
      );
  }
}

/** A key alone says yes. */
function isTrue(value: string | undefined): boolean {
  return ["", "true", "1"].includes(value ?? "false");
}

type Fields = ReadonlyMap<string, string>;

function bindOf(
  text: string,
  place: Pick<RunMount, "destination" | "readOnly">,
  { fields, workingDirectory }: { readonly fields: Fields; readonly workingDirectory: string },
): ParsedMount {
  const given = fields.get("source") ?? "";
  const source = given.startsWith("/") ? given : `${workingDirectory}/${given}`;
  if (given === "") {
    throw badValue("mount", text, "it has no source");
  }
  const word = fields.get("bind-propagation");
  const propagation = word === undefined ? undefined : propagationOf(word);
  if (word !== undefined && propagation === undefined) {
    throw badValue("mount", text, `bind-propagation is one of ${PROPAGATIONS.join(", ")}`);
  }
  const more = {
    ...(propagation && { propagation }),
    ...(isTrue(fields.get("idmap")) && { idMapped: true }),
  };
  return { kind: "bind", mount: { source, ...place, ...more } };
}

function imageOf(text: string, destination: string, fields: Fields): ParsedMount {
  const reference = fields.get("source") ?? "";
  if (reference === "") {
    throw badValue("mount", text, "it names no image as its source");
  }
  const subpath = fields.get("subpath");
  const isPart = subpath !== undefined && !["", "/"].includes(subpath);
  const writable = isTrue(fields.get("readwrite"));
  if (isPart && writable) {
    throw badValue("mount", text, "a part of an image can only be read");
  }
  return {
    kind: "image",
    image: { reference, destination, writable, ...(isPart ? { subpath } : {}) },
  };
}

function dataOf(fields: Fields, key: string): string[] {
  return fields.has(key) ? [`${key}=${fields.get(key)}`] : [];
}

function tmpfsOf(destination: string, readOnly: boolean, fields: Fields): ParsedMount {
  const data = ["size", "mode"].flatMap((key) => dataOf(fields, key));
  const options = [...data, ...(readOnly ? ["ro"] : [])].join(",");
  return { kind: "tmpfs", tmpfs: options === "" ? destination : `${destination}:${options}` };
}
