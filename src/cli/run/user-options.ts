// What the flags of `ocicat run` mean that give a container's users ids of their own.

import type { ChosenUsers, JoinedUsers, RunUsers } from "../../engine/run-options.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { IdMapping } from "../../oci/mount.ts";
import { absolutePath } from "../absolute-path.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { USER_FLAGS } from "./user-flags.ts";
import { parseWhole } from "./values.ts";

type UserFlags = FlagsOf<typeof USER_FLAGS>;

const HIGHEST_ID = 0xffff_fffe;

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
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--${first}`,
      reason: `it does not go with --${second}, which says it in another way`,
    });
  }
  return ways[0];
}

const MODES = "host, auto, keep-id, nomap, container:CONTAINER or ns:PATH";

/** Undefined: the host's ids. */
function parseMode(text: string): RunUsers | undefined {
  const [, mode = "", options] = /^([a-z-]*)(?::(.*))?$/.exec(text) ?? [];
  switch (mode) {
    case "auto":
      return { kind: "auto", ...parseAuto(text, options) };
    case "keep-id":
      return { kind: "keep-id", ...parseKeepId(text, options) };
    case "container":
    case "ns":
      return { kind: "join", namespace: parseJoined(text, mode, options) };
    default:
  }
  if (options === undefined && ["", "host", "nomap"].includes(mode)) {
    return mode === "nomap" ? { kind: mode } : undefined;
  }
  throw badValue("userns", text, `it is none of ${MODES}`);
}

function parseJoined(
  text: string,
  mode: "container" | "ns",
  target: string | undefined,
): JoinedUsers["namespace"] {
  if (target === undefined || target === "") {
    throw badValue("userns", text, `it does not say which: ${mode}:...`);
  }
  return mode === "container" ? `container:${target}` : `ns:${absolutePath(target)}`;
}

/** "size=1000,uidmapping=0:5:1,gidmapping=0:5:1". */
function parseAuto(text: string, options: string | undefined) {
  let size: number | undefined;
  const uid: IdMapping[] = [];
  const gid: IdMapping[] = [];
  for (const [key, value] of settingsOf(options)) {
    if (key === "size") {
      size = parseWhole("userns", value, [1, HIGHEST_ID]);
    } else if (key === "uidmapping" || key === "gidmapping") {
      (key === "uidmapping" ? uid : gid).push(parseMapping("userns", value));
    } else {
      throw badValue("userns", text, "auto takes size=NUMBER, uidmapping=MAP and gidmapping=MAP");
    }
  }
  return {
    ...(size === undefined ? {} : { size }),
    ...(uid.length === 0 ? {} : { uid: withoutOverlap("userns", uid) }),
    ...(gid.length === 0 ? {} : { gid: withoutOverlap("userns", gid) }),
  };
}

/** "uid=200,gid=210". */
function parseKeepId(text: string, options: string | undefined) {
  const ids: { uid?: number; gid?: number } = {};
  for (const [key, value] of settingsOf(options)) {
    if (key !== "uid" && key !== "gid") {
      throw badValue("userns", text, "keep-id takes uid=NUMBER and gid=NUMBER");
    }
    ids[key] = parseWhole("userns", value, [0, HIGHEST_ID]);
  }
  return ids;
}

function settingsOf(options: string | undefined): readonly (readonly [string, string])[] {
  return (options ?? "")
    .split(",")
    .filter((word, index, words) => word !== "" || words.length > 1 || index > 0)
    .map((word) => {
      const [key = "", value = ""] = word.split("=", 2);
      return [key, value];
    });
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

function checkedMap(flag: string, map: readonly IdMapping[]): readonly IdMapping[] {
  const root = withoutOverlap(flag, map).find(({ containerID }) => containerID === 0);
  if (root === undefined) {
    throw badValue(flag, map.map(words).join(" "), "it leaves the container's root without an id");
  }
  return map;
}

/** The kernel says no more of such maps than that they are wrong. */
function withoutOverlap(flag: string, map: readonly IdMapping[]): readonly IdMapping[] {
  for (const side of ["containerID", "hostID"] as const) {
    const ordered = map.toSorted((one, other) => one[side] - other[side]);
    ordered.forEach((mapping, index) => {
      const next = ordered[index + 1];
      if (next !== undefined && mapping[side] + mapping.size > next[side]) {
        throw badValue(flag, words(next), `it overlaps with ${words(mapping)}`);
      }
    });
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
