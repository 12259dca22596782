// --mount and --tmpfs.

import type { RunMount } from "../../engine/run-options.ts";
import { badValue } from "./bad-value.ts";
import { mountFields } from "./mount-fields.ts";
import { insidePath, type ParsedMount, PROPAGATIONS, propagationOf, volumeOf } from "./volumes.ts";

/** TARGET[:OPTIONS]. */
export function parseTmpfs(text: string): string {
  insidePath("tmpfs", text, text.split(":", 1)[0] ?? "");
  return text;
}

/** type=bind,source=/a,target=/b,readonly; type=volume,source=NAME,target=/b; type=tmpfs,target=/b. */
export function parseMount(text: string, absolute: (path: string) => string): ParsedMount {
  const fields = mountFields(text);
  const destination = insidePath("mount", text, fields.get("target") ?? "");
  const readOnly = isTrue(text, fields, "readonly") || isFalse(text, fields, "readwrite");
  switch (fields.get("type") ?? "volume") {
    case "bind":
      return bindOf(text, { destination, readOnly }, { fields, absolute });
    case "volume": {
      const copies = !isTrue(text, fields, "volume-nocopy");
      const volume = { destination, readOnly, copies, ...partOf(fields) };
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
function isTrue(text: string, fields: Fields, key: string): boolean {
  const value = fields.get(key);
  if (!["", "true", "1", "false", "0", undefined].includes(value)) {
    throw badValue("mount", text, `${key} is either true or false`);
  }
  return ["", "true", "1"].includes(value ?? "false");
}

function isFalse(text: string, fields: Fields, key: string): boolean {
  return fields.has(key) && !isTrue(text, fields, key);
}

type Fields = ReadonlyMap<string, string>;

function bindOf(
  text: string,
  place: Pick<RunMount, "destination" | "readOnly">,
  { fields, absolute }: { readonly fields: Fields; readonly absolute: (path: string) => string },
): ParsedMount {
  const given = fields.get("source") ?? "";
  if (given === "") {
    throw badValue("mount", text, "it has no source");
  }
  const source = absolute(given);
  const word = fields.get("bind-propagation");
  const propagation = word === undefined ? undefined : propagationOf(word);
  if (word !== undefined && propagation === undefined) {
    throw badValue("mount", text, `bind-propagation is one of ${PROPAGATIONS.join(", ")}`);
  }
  const more = {
    ...(propagation && { propagation }),
    ...(isTrue(text, fields, "idmap") && { idMapped: true }),
  };
  return { kind: "bind", mount: { source, ...place, ...more } };
}

function imageOf(text: string, destination: string, fields: Fields): ParsedMount {
  const reference = fields.get("source") ?? "";
  if (reference === "") {
    throw badValue("mount", text, "it names no image as its source");
  }
  const part = partOf(fields);
  const writable = isTrue(text, fields, "readwrite");
  if (part.subpath !== undefined && writable) {
    throw badValue("mount", text, "a part of an image can only be read");
  }
  return {
    kind: "image",
    image: { reference, destination, writable, ...part },
  };
}

/** Nothing where all is asked for. */
function partOf(fields: Fields): { readonly subpath?: string } {
  const subpath = fields.get("subpath");
  return subpath === undefined || ["", "/"].includes(subpath) ? {} : { subpath };
}

function dataOf(fields: Fields, key: string): string[] {
  return fields.has(key) ? [`${key}=${fields.get(key)}`] : [];
}

function tmpfsOf(destination: string, readOnly: boolean, fields: Fields): ParsedMount {
  const data = ["size", "mode"].flatMap((key) => dataOf(fields, key));
  const options = [...data, ...(readOnly ? ["ro"] : [])].join(",");
  return { kind: "tmpfs", tmpfs: options === "" ? destination : `${destination}:${options}` };
}
