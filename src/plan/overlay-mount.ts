// An overlay that the configuration asks for as a mount of its own.
//
// Kernels since 6.8 take its layers one by one ("lowerdir+"). Older ones know only one option with all of
// them: there the folders get short names (folder-links.ts), and so they do where one's own is too long.

import type { Mount } from "../oci/mount.ts";
import type { ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import type { PlanContext } from "./context.ts";
import { makeFileSystem } from "./file-system.ts";
import {
  enterLinkFolder,
  joinLayers,
  LONGEST_VALUE,
  layerNames,
  leaveLinkFolder,
  makeLinkFolder,
  UPPER_NAME,
  WORK_NAME,
} from "./folder-links.ts";
import type { MountOptions } from "./mount-options.ts";
import { describeMount } from "./mount-step.ts";

const LAYER = "lowerdir+=";
const LAYERS = "lowerdir=";

/** Whether fsconfig takes its options as they are, on every kernel. */
export function isPlainOverlay({ data }: MountOptions): boolean {
  return data.every((option) => !option.startsWith(LAYER) && isShortOption(option));
}

/** A detached mount. */
export function makeOverlay(context: PlanContext, mount: Mount, options: MountOptions): Register {
  const { program, request } = context;
  const data = options.data.flatMap(splitLayers);
  const takesThem = request.facts.takesLayersOneByOne && data.every(isShortOption);
  const names = takesThem ? undefined : shortNames(data);
  if (names === undefined) {
    return makeFileSystem(context, mount, { ...options, data });
  }
  enterLinks(program, mount, names.links);
  const tree = makeFileSystem(context, mount, { ...options, data: names.data });
  leaveLinkFolder(program);
  return tree;
}

function isShortOption(option: string): boolean {
  return new TextEncoder().encode(valueIn(option)).length <= LONGEST_VALUE;
}

function valueIn(option: string): string {
  return option.slice(option.indexOf("=") + 1);
}

/** "lowerdir=/a:/b" is one option for each; layers that only have data stay as they are written. */
function splitLayers(option: string): readonly string[] {
  if (!option.startsWith(LAYERS) || option.includes("::")) {
    return [option];
  }
  // A backslash takes a colon's meaning away.
  const paths = valueIn(option).match(/(?:\\.|[^:\\])+/g) ?? [];
  return paths.map((path) => `${LAYER}${path.replaceAll(/\\(.)/g, "$1")}`);
}

interface ShortNames {
  readonly data: readonly string[];
  /** What each link leads to, and its name. */
  readonly links: readonly (readonly [path: string, name: string])[];
}

/** Undefined: there are too many, or nothing that could be named. */
function shortNames(data: readonly string[]): ShortNames | undefined {
  const lower = data.filter((option) => option.startsWith(LAYER)).map(valueIn);
  const names = layerNames(lower.length);
  if (lower.length === 0 || names === undefined) {
    return undefined;
  }
  const links = lower.map((path, index): [string, string] => [path, names[index] ?? ""]);
  const renamed = [`${LAYERS}${joinLayers(names)}`];
  for (const option of data.filter((option) => !option.startsWith(LAYER))) {
    const name = [UPPER_NAME, WORK_NAME].find((each) => option.startsWith(`${each}=`));
    renamed.push(name === undefined ? option : `${name}=${name}`);
    if (name !== undefined) {
      links.push([valueIn(option), name]);
    }
  }
  return { data: renamed, links };
}

function enterLinks(program: ProgramBuilder, mount: Mount, links: ShortNames["links"]): void {
  const describes = describeMount(mount);
  const folder = makeLinkFolder(program, describes);
  for (const [path, name] of links) {
    program.call("symlinkat", [program.text(path), folder, program.text(name)], { describes });
  }
  enterLinkFolder(program, folder, describes);
}
