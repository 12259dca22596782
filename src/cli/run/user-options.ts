// What the flags of `ocicat run` mean that give a container's users ids of their own.

import type { ChosenUsers, RunUsers } from "../../engine/run-options.ts";
import type { IdMapping } from "../../oci/mount.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { USER_FLAGS } from "./user-flags.ts";
import { parseWhole } from "./values.ts";

type UserFlags = FlagsOf<typeof USER_FLAGS>;

const HIGHEST_ID = 0xffff_fffe;
const DEFAULT_SIZE = 65_536;

/** Undefined: no user namespace but an ordinary user's. */
export function parseUsers(flags: UserFlags): RunUsers | undefined {
  const mode = flags.text("userns");
  const ways = [
    parseMaps(flags),
    parseNames(flags),
    ...(mode === undefined ? [] : [parseMode(mode)]),
  ].filter((way) => way !== undefined);
  if (ways.length > 1) {
    const given = ["userns", "uidmap", "gidmap", "subuidname", "subgidname"] as const;
    const [first = "", second = ""] = given.filter((name) => flags.isSet(name));
    throw badValue(first, "", `it does not go with --${second}, which says it in another way`);
  }
  return ways[0];
}

/** Undefined: the host's ids. */
function parseMode(text: string): RunUsers | undefined {
  const [, mode = "", options] = /^([a-z-]*)(?::(.*))?$/.exec(text) ?? [];
  if (mode === "auto") {
    return { kind: "auto", size: parseSize(text, options) };
  }
  if (options === undefined) {
    switch (mode) {
      case "":
      case "host":
        return undefined;
      case "keep-id":
      case "nomap":
        return { kind: mode };
      default:
    }
  }
  throw badValue("userns", text, "it is neither host, auto, auto:size=NUMBER, keep-id nor nomap");
}

function parseSize(text: string, options: string | undefined): number {
  if (options === undefined) {
    return DEFAULT_SIZE;
  }
  const [, size] = /^size=(\d+)$/.exec(options) ?? [];
  if (size === undefined) {
    throw badValue("userns", text, "auto takes size=NUMBER alone");
  }
  return parseWhole("userns", size, [1, HIGHEST_ID]);
}

function parseMaps(flags: UserFlags): ChosenUsers | undefined {
  const uid = flags.list("uidmap").map((text) => parseMapping("uidmap", text));
  const gid = flags.list("gidmap").map((text) => parseMapping("gidmap", text));
  if (uid.length + gid.length === 0) {
    return undefined;
  }
  return {
    kind: "maps",
    uid: checkedMap("uidmap", uid.length === 0 ? gid : uid),
    gid: checkedMap("gidmap", gid.length === 0 ? uid : gid),
  };
}

function parseMapping(flag: string, text: string): IdMapping {
  const [, inside, outside, count = "1"] = /^(\d+):(\d+)(?::(\d+))?$/.exec(text) ?? [];
  if (inside === undefined || outside === undefined) {
    throw badValue(flag, text, "it is not of the form INSIDE:HOST:COUNT");
  }
  const containerID = parseWhole(flag, inside, [0, HIGHEST_ID]);
  const hostID = parseWhole(flag, outside, [0, HIGHEST_ID]);
  const most = HIGHEST_ID - Math.max(containerID, hostID) + 1;
  return { containerID, hostID, size: parseWhole(flag, count, [1, most]) };
}

/** The kernel says no more of such maps than that they are wrong. */
function checkedMap(flag: string, map: readonly IdMapping[]): readonly IdMapping[] {
  for (const side of ["containerID", "hostID"] as const) {
    const ordered = map.toSorted((one, other) => one[side] - other[side]);
    ordered.forEach((mapping, index) => {
      const next = ordered[index + 1];
      if (next !== undefined && mapping[side] + mapping.size > next[side]) {
        throw badValue(flag, words(next), `it overlaps with ${words(mapping)}`);
      }
    });
  }
  const root = map.find(({ containerID }) => containerID === 0);
  if (root === undefined) {
    throw badValue(flag, map.map(words).join(" "), "it leaves the container's root without an id");
  }
  return map;
}

function words({ containerID, hostID, size }: IdMapping): string {
  return `${containerID}:${hostID}:${size}`;
}

function parseNames(flags: UserFlags): RunUsers | undefined {
  const users = flags.text("subuidname");
  const groups = flags.text("subgidname");
  const uidsOf = users ?? groups;
  const gidsOf = groups ?? users;
  return uidsOf === undefined || gidsOf === undefined
    ? undefined
    : { kind: "lent", uidsOf, gidsOf };
}
