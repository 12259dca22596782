// What the parts of the plan share: the program under construction, and the registers that more than
// one part needs.

import { AT_FDCWD, O_CLOEXEC, O_PATH } from "../abi/file.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import type { Argument, DataReference, Register, Words } from "../program/program.ts";
import { OPEN_NAMES, RESOLVE_NAMES } from "./flag-names.ts";
import type { CreateRequest } from "./request.ts";

export interface PlanContext {
  readonly program: ProgramBuilder;
  readonly request: CreateRequest;
  /** What the stage opened in the host's namespaces, for init to use. */
  readonly outer: OuterFds;
  /** What init opened before it became root of its user namespace: see callers-paths.ts. */
  readonly early: EarlyFds;
  /** Empty file systems that this program has mounted, by the names of their mount points in the root. */
  readonly freshMounts: Map<string, Register>;
  /** Mounts that become read-only when nothing has to be made in them any more. */
  readonly readOnlyLater: ReadOnlyLater[];
}

export interface ReadOnlyLater {
  readonly tree: Register;
  /** `mounts[3].options` */
  readonly reason: string;
  readonly describes: Words;
}

/** Descriptors that init inherits from the stage. */
export interface OuterFds {
  /** By index in `mounts`: detached copies of bind sources. */
  readonly bindSources: Map<number, Register>;
  /** The root file system, where the stage has to make it: a detached mount. */
  root?: Register;
  /** With the container's own id maps, once one is needed; the stage's alone. */
  idMappedNamespace?: Register;
}

/** Init's alone. */
export interface EarlyFds {
  /** By index in `mounts`: detached copies of bind sources. */
  readonly bindSources: Map<number, Register>;
  /** The root file system: a detached mount. */
  root?: Register;
  /** Of an overlay that is set up and not made yet. */
  overlay?: Register;
  /** Of an overlay that is made later by an older kernel: its layers, upper and work. */
  folders?: readonly Register[] | undefined;
}

/** What the stage itself has no use for. */
export function forInit({ bindSources, root }: OuterFds): Register[] {
  return [...bindSources.values(), ...(root === undefined ? [] : [root])];
}

export const CURRENT_DIRECTORY = named(AT_FDCWD, "CWD");

interface OpenHow {
  readonly flags: number;
  readonly mode?: number;
  readonly resolve: number;
}

/** struct open_how, 24 bytes: flags u64, mode u64, resolve u64. */
export function openHow(program: ProgramBuilder, how: OpenHow): DataReference {
  const key = `open_how ${how.flags} ${how.mode} ${how.resolve}`;
  return program.sharedStructure(
    key,
    () => describeHow(how),
    () => {
      const content = new Uint32Array(6);
      content[0] = how.flags;
      content[2] = how.mode ?? 0;
      content[4] = how.resolve;
      return content;
    },
  );
}

function describeHow({ flags: flagBits, mode, resolve }: OpenHow): string {
  const modeText = mode === undefined ? "" : `, 0${mode.toString(8)}`;
  return `{${describeOpen(flagBits)}${modeText}${describeResolve(resolve)}}`;
}

function describeOpen(value: number): string {
  const names = Object.entries(OPEN_NAMES).filter(([, bit]) => (value & bit) === bit);
  return names.map(([name]) => name).join("|") || "RDONLY";
}

function describeResolve(value: number): string {
  const names = Object.entries(RESOLVE_NAMES).filter(([, bit]) => (value & bit) === bit);
  return names.length === 0 ? "" : `, ${names.map(([name]) => name).join("|")}`;
}

/** open with O_PATH of a host path that only the administrator controls. */
export function openPath(
  program: ProgramBuilder,
  path: string,
  result: string,
  extraFlags = 0,
): Register {
  const openFlags = flags(O_PATH | O_CLOEXEC | extraFlags, OPEN_NAMES);
  return program.call("openat", [CURRENT_DIRECTORY, program.text(path), openFlags], {
    result,
    describes: () => `open ${JSON.stringify(path)}`,
  });
}

/** Two 32-bit words for a 64-bit number. */
export function splitU64(value: number): [low: number, high: number] {
  return [value >>> 0, Math.floor(value / 0x1_0000_0000)];
}

/** Writes `text` to the open file `fd` in one write. */
export function writeText(
  program: ProgramBuilder,
  fd: Argument,
  text: string,
  describes: Words,
): void {
  const content = program.text(text);
  program.call("write", [fd, content, content.size - 1], { describes });
}
