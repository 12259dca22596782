// linux.intelRdt: the resctrl group of a container, which says what of caches and memory bandwidth its
// processes may use.
//
//   ROOT/                     where resctrl is mounted: the default group, closID "/"
//     CLOSID or ID/           a group: made here if it is not there
//       schemata              "L3:0=7f0;1=1f", a line each
//       tasks                 init, and every process that exec starts, writes "0" there
//       mon_groups/ID/tasks   the same, with enableMonitoring
//
// What of it is the container's own, the specification says: its monitoring group, and the group that
// is named after the container and was made for it. The state has their paths before they are made.

import { AT_FDCWD } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { IntelRdt } from "../oci/linux.ts";
import { checked } from "../sys/call.ts";
import {
  readTextFile,
  readTextFileIfExists,
  stat,
  tryMkdirAt,
  tryRmdirAt,
  writeTextAt,
} from "../sys/file.ts";

/** As the state of the container keeps it. */
export interface ResctrlGroup {
  /** Where resctrl is mounted. */
  readonly root: string;
  /** The group's directory. */
  readonly path: string;
  /** Files that the processes of the container write "0" to. */
  readonly tasks: readonly string[];
  /** Directories that `delete` removes, in this order. */
  readonly own: readonly string[];
}

/** Where resctrl is mounted; undefined where it is not, or the kernel or processor does not have it. */
export function findResctrl(mountInfo = readTextFile("/proc/self/mountinfo")): string | undefined {
  for (const line of mountInfo.split("\n")) {
    const [mount = "", fileSystem = ""] = line.split(" - ");
    if (fileSystem.startsWith("resctrl ")) {
      return withoutEscapes(mount.split(" ")[4] ?? "");
    }
  }
  return undefined;
}

/** "\040" stands for a space. */
function withoutEscapes(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** What is going to be made. `root`: from findResctrl. */
export function planResctrl(rdt: IntelRdt, id: string, root: string | undefined): ResctrlGroup {
  if (root === undefined) {
    throw new OcicatError("unsupported", {
      operation: "apply",
      subject: "linux.intelRdt",
      reason: "no resctrl file system is mounted",
      hint: "mount -t resctrl resctrl /sys/fs/resctrl, where the processor has Intel RDT",
    });
  }
  const { closID = id } = rdt;
  const path = closID === "/" ? root : `${root}/${closID}`;
  const isThere = stat(path) !== undefined;
  if (!isThere && rdt.closID !== undefined && requestedLines(rdt).length === 0) {
    throw new OcicatError("not-found", {
      operation: "use",
      subject: "linux.intelRdt.closID",
      reason: `there is no group ${quote(path)}, and nothing says what it should be`,
    });
  }
  const monitoring = rdt.enableMonitoring === true ? [`${path}/mon_groups/${id}`] : [];
  const own = rdt.closID === undefined && !isThere ? [path] : [];
  return {
    root,
    path,
    tasks: [path, ...monitoring].map((directory) => `${directory}/tasks`),
    own: [...monitoring, ...own],
  };
}

/** In the order in which they are written. */
function requestedLines({ l3CacheSchema, memBwSchema, schemata = [] }: IntelRdt): string[] {
  return [l3CacheSchema, memBwSchema, ...schemata].filter((line) => line !== undefined);
}

/** Makes the group as planned. A failure leaves what was made to removeResctrl. */
export function makeResctrl(rdt: IntelRdt, { root, path, own }: ResctrlGroup): void {
  const made = tryMkdirAt(AT_FDCWD, path, 0o755);
  const isOurs = made === 0;
  if (made !== -Errno.EEXIST) {
    checked(made, "make the resctrl group", quote(path));
  }
  if (!isOurs) {
    expectSchemata(rdt, path);
  }
  // Of a group that others use too, only `schemata` may change anything.
  const lines = isOurs ? requestedLines(rdt) : (rdt.schemata ?? []);
  if (lines.length > 0) {
    writeSchemata(path, lines, root);
  }
  for (const directory of own.filter((each) => each !== path)) {
    const result = tryMkdirAt(AT_FDCWD, directory, 0o755);
    checked(result, "make the monitoring group", quote(directory));
  }
}

/** `update`: other schemata for the group of a running container. */
export function updateResctrl(rdt: IntelRdt, group: ResctrlGroup | undefined): void {
  const lines = requestedLines(rdt);
  if (lines.length === 0) {
    return;
  }
  if (group === undefined) {
    throw new OcicatError("unsupported", {
      operation: "change",
      subject: "a cache or memory bandwidth schema",
      reason: "the container was created without linux.intelRdt",
    });
  }
  writeSchemata(group.path, lines, group.root);
}

function writeSchemata(path: string, lines: readonly string[], root: string): void {
  try {
    writeTextAt(AT_FDCWD, `${path}/schemata`, `${lines.join("\n")}\n`);
  } catch (cause) {
    const said = readTextFileIfExists(`${root}/info/last_cmd_status`)?.trim();
    throw new OcicatError("invalid-config", {
      operation: "write",
      subject: `${quote(`${path}/schemata`)} for linux.intelRdt`,
      ...(said === undefined || said === "" || said === "ok" ? {} : { reason: said }),
      ...(cause instanceof OcicatError && cause.errno !== undefined ? { errno: cause.errno } : {}),
      cause,
    });
  }
}

/** Throws unless an existing group already is what l3CacheSchema and memBwSchema say. */
function expectSchemata({ l3CacheSchema, memBwSchema }: IntelRdt, path: string): void {
  const properties = { l3CacheSchema, memBwSchema };
  if (l3CacheSchema === undefined && memBwSchema === undefined) {
    return;
  }
  const current = parseSchemata(readTextFile(`${path}/schemata`));
  for (const [name, wanted] of Object.entries(properties)) {
    for (const [place, value] of parseSchemata(wanted ?? "")) {
      if (current.get(place) !== value) {
        throw new OcicatError("wrong-state", {
          operation: "use",
          subject: `the resctrl group ${quote(path)}`,
          reason: `linux.intelRdt.${name} does not match its schemata`,
        });
      }
    }
  }
}

/** "L3:0=7f0;1=1f" -> "L3:0" = "7f0", "L3:1" = "1f". The kernel pads with zeroes and spaces. */
function parseSchemata(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const resource = line.slice(0, Math.max(colon, 0)).trim();
    for (const entry of line.slice(colon + 1).split(";")) {
      const [cache = "", value = ""] = entry.split("=");
      if (resource !== "" && value !== "") {
        const number = value
          .trim()
          .toLowerCase()
          .replace(/^0+(?=.)/, "");
        values.set(`${resource}:${cache.trim()}`, number);
      }
    }
  }
  return values;
}

/** Gives back what is the container's own. */
export function removeResctrl({ own }: ResctrlGroup): void {
  for (const directory of own) {
    const result = tryRmdirAt(AT_FDCWD, directory);
    if (result !== -Errno.ENOENT) {
      checked(result, "remove the resctrl group", quote(directory));
    }
  }
}
