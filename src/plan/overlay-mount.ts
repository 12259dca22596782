// An overlay that the configuration asks for as a mount of its own.
//
// Kernels since 6.8 take its layers one by one ("lowerdir+"). Older ones know only one option with all of
// them, and fsconfig takes no value beyond 255 bytes: there the folders get short names, links in a file
// system that is mounted nowhere and is this process's current directory while the overlay is made.

import { FSCONFIG_CMD_CREATE, FSMOUNT_CLOEXEC, FSOPEN_CLOEXEC } from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import type { Mount } from "../oci/mount.ts";
import { named, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import type { PlanContext } from "./context.ts";
import { makeFileSystemInto } from "./file-system.ts";
import type { MountOptions } from "./mount-options.ts";
import { describeMount } from "./mount-step.ts";

const LONGEST_VALUE = 255;
const LAYER = "lowerdir+=";
const LAYERS = "lowerdir=";
const UPPER = "upperdir=";
const WORK = "workdir=";

/** Whether fsconfig takes its options as they are, on every kernel. */
export function isPlainOverlay({ data }: MountOptions): boolean {
  return data.every(
    (option) => !option.startsWith(LAYER) && valueIn(option).length <= LONGEST_VALUE,
  );
}

/** A detached mount. */
export function makeOverlay(context: PlanContext, mount: Mount, options: MountOptions): Register {
  const { program } = context;
  const tree = program.register("tree");
  const made = { context, mount };
  const data = options.data.flatMap(splitLayers);
  const names = shortNames(data);
  if (names === undefined) {
    makeFileSystemInto(tree, { ...made, options: { ...options, data }, refused: undefined });
    return tree;
  }
  const isOlder = program.label();
  const isMade = program.label();
  const refused = { errnos: [Errno.EINVAL], target: isOlder };
  makeFileSystemInto(tree, { ...made, options: { ...options, data }, refused });
  program.jump(isMade);
  program.place(isOlder);
  enterLinks(program, mount, names.links);
  const named = { ...options, data: names.data };
  makeFileSystemInto(tree, { ...made, options: named, refused: undefined });
  program.call("chdir", [program.text("/")]);
  program.place(isMade);
  return tree;
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
  const links: [string, string][] = [];
  const link = (path: string, name: string): string => {
    links.push([path, name]);
    return name;
  };
  const lower = data.filter((option) => option.startsWith(LAYER)).map(valueIn);
  const names = lower.map((path, index) => link(path, index.toString(36)));
  const layers = names.join(":");
  if (names.length === 0 || layers.length > LONGEST_VALUE) {
    return undefined;
  }
  const others = data.filter((option) => !option.startsWith(LAYER));
  const renamed = others.map((option) => {
    const key = [UPPER, WORK].find((each) => option.startsWith(each));
    return key === undefined ? option : `${key}${link(valueIn(option), key.slice(0, -1))}`;
  });
  return { data: [`${LAYERS}${layers}`, ...renamed], links };
}

function enterLinks(program: ProgramBuilder, mount: Mount, links: ShortNames["links"]): void {
  const describes = describeMount(mount);
  const fs = program.call("fsopen", [program.text("tmpfs"), named(FSOPEN_CLOEXEC, "CLOEXEC")], {
    result: "fs",
    describes,
  });
  program.call("fsconfig", [fs, named(FSCONFIG_CMD_CREATE, "CREATE"), 0, 0, 0], { describes });
  const folder = program.call("fsmount", [fs, named(FSMOUNT_CLOEXEC, "CLOEXEC"), 0], {
    result: "links",
    describes,
  });
  program.close(fs);
  for (const [path, name] of links) {
    program.call("symlinkat", [program.text(path), folder, program.text(name)], { describes });
  }
  program.call("fchdir", [folder], { describes });
  program.close(folder);
}
