// The image's layers below a writable one, mounted in the container's mount namespace alone.
//
// Kernels since 6.8 take the layers one by one. Older ones know only one option with all of them,
// separated by colons; fsconfig takes no value beyond 255 bytes, so there mount(2) has to do it, whose
// options may have 4095. Where nobody knows which kernel it is, it shows when the mount is made.

import { O_CLOEXEC, O_PATH } from "../abi/file.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  OVERLAY_OPTIONS,
} from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import { type Label, type Register, wordsOf } from "../program/program.ts";
import { attachRoot } from "./attach-root.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import {
  enterLinkFolder,
  joinLayers,
  layerNames,
  leaveLinkFolder,
  makeLinkFolder,
  UPPER_NAME,
  WORK_NAME,
} from "./folder-links.ts";
import type { RootFilesystem } from "./request.ts";

export type OverlayRoot = Extract<RootFilesystem, { kind: "overlay" }>;

const LONGEST_MOUNT_OPTIONS = 4095;
/**
 * Without it the end of the mount, and with that the container's, waits until everything that the upper
 * layer's file system has in memory is on the disk, whoever wrote it.
 */
const VOLATILE = "volatile";
const describes = "mount the container's overlay";

/** A descriptor of the overlay's root. */
export function mountOverlay(program: ProgramBuilder, overlay: OverlayRoot): Register {
  return tryBothWays(program, overlay, (root, refused) => {
    const fs = configureByLayers(program, overlay, refused);
    makeConfigured(program, fs, { root, path: overlay.mountPoint, refused });
  });
}

/** Finds the folders, and is to be made later, maybe by somebody to whom they are closed. */
export function configureOverlay(program: ProgramBuilder, overlay: OverlayRoot): Register {
  const configured = program.label();
  const fs = configureByLayers(program, overlay, configured);
  program.place(configured);
  return fs;
}

/** Of what configureOverlay gave. An older kernel looks for the folders only now. */
export function mountConfigured(
  program: ProgramBuilder,
  overlay: OverlayRoot,
  fs: Register,
): Register {
  return tryBothWays(program, overlay, (root, refused) => {
    makeConfigured(program, fs, { root, path: "/", refused });
  });
}

/** Of registers: a program has 128. */
const MOST_OPEN = 90;

/**
 * The same for a kernel before 6.8, which looks for the folders when the overlay is made: they are opened, in the
 * order of layers, upper and work. Undefined: there are too many of them.
 */
export function openFolders(
  program: ProgramBuilder,
  { lower, upper, work }: OverlayRoot,
): readonly Register[] | undefined {
  const paths = [...lower, upper, work];
  if (layerNames(lower.length) === undefined || paths.length > MOST_OPEN) {
    return undefined;
  }
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  return paths.map((path) =>
    program.call("openat", [CURRENT_DIRECTORY, program.text(path), openFlags], {
      result: "folder",
      describes,
    }),
  );
}

/** Of what openFolders gave: each is found by its descriptor, whoever may find it by its name. */
export function mountOpened(
  program: ProgramBuilder,
  overlay: OverlayRoot,
  folders: readonly Register[],
): Register {
  const names = layerNames(overlay.lower.length) ?? [];
  const links = makeLinkFolder(program, describes);
  linkDescriptors(program, links, { folders, names: [...names, UPPER_NAME, WORK_NAME] });
  enterLinkFolder(program, links, describes);
  const fs = configure(program, overlay, {
    layers: [["lowerdir", joinLayers(names)]],
    upper: UPPER_NAME,
    work: WORK_NAME,
    refused: undefined,
  });
  const root = program.register("root");
  makeConfigured(program, fs, { root, path: "/", refused: undefined });
  leaveLinkFolder(program);
  for (const folder of folders) {
    program.close(folder);
  }
  return root;
}

const DESCRIPTORS = "/proc/self/fd/";
const ROOM_FOR_DIGITS = 12;

function linkDescriptors(
  program: ProgramBuilder,
  links: Register,
  { folders, names }: { readonly folders: readonly Register[]; readonly names: readonly string[] },
): void {
  const path = new Uint8Array(DESCRIPTORS.length + ROOM_FOR_DIGITS);
  new TextEncoder().encodeInto(DESCRIPTORS, path);
  const target = program.structure(path, `"${DESCRIPTORS}N"`);
  folders.forEach((folder, index) => {
    program.control("decimal", [folder, offsetOf(target, DESCRIPTORS.length)]);
    const name = program.text(names[index] ?? "");
    program.call("symlinkat", [target, links, name], { describes });
  });
}

type FirstWay = (root: Register, refused: Label | undefined) => void;

function tryBothWays(program: ProgramBuilder, overlay: OverlayRoot, first: FirstWay): Register {
  const options = mountOptions(overlay);
  const hasOtherWay = new TextEncoder().encode(options).length <= LONGEST_MOUNT_OPTIONS;
  const root = program.register("root");
  if (!hasOtherWay) {
    first(root, undefined);
    return root;
  }
  if (overlay.takesAllAtOnce === true) {
    mountByOptions(program, overlay, { root, options });
    return root;
  }
  const refused = program.label();
  const mounted = program.label();
  first(root, refused);
  program.jump(mounted);
  program.place(refused);
  mountByOptions(program, overlay, { root, options });
  program.place(mounted);
  return root;
}

function unlessRefused(refused: Label | undefined) {
  return refused === undefined ? {} : { caught: { errnos: [Errno.EINVAL], target: refused } };
}

/** Layers with "lowerdir+": the last word of the kernel comes with CREATE, or before it. */
function configureByLayers(
  program: ProgramBuilder,
  overlay: OverlayRoot,
  refused: Label | undefined,
): Register {
  const { lower, upper, work } = overlay;
  const layers = lower.map((path) => ["lowerdir+", path] as const);
  return configure(program, overlay, { layers, upper, work, refused });
}

/** What overlayfs is told of its folders. */
interface Folders {
  readonly layers: readonly (readonly [key: string, value: string])[];
  readonly upper: string;
  readonly work: string;
  readonly refused: Label | undefined;
}

function configure(program: ProgramBuilder, overlay: OverlayRoot, folders: Folders): Register {
  const caught = unlessRefused(folders.refused);
  const openArgs = [program.text("overlay"), named(FSOPEN_CLOEXEC, "CLOEXEC")];
  const fs = program.call("fsopen", openArgs, { result: "fs", describes });
  const set = (key: string, value: string) => {
    const command = named(FSCONFIG_SET_STRING, "SET_STRING");
    program.call("fsconfig", [fs, command, program.text(key), program.text(value), 0], {
      describes: () => `${wordsOf(describes)} with ${key} ${quote(value)}`,
      ...caught,
    });
  };
  set("source", "overlay");
  for (const [key, value] of folders.layers) {
    set(key, value);
  }
  set("upperdir", folders.upper);
  set("workdir", folders.work);
  for (const [key, value] of OVERLAY_OPTIONS) {
    set(key, value);
  }
  const setFlag = (key: string) => {
    const command = named(FSCONFIG_SET_FLAG, "SET_FLAG");
    program.call("fsconfig", [fs, command, program.text(key), 0, 0], { describes, ...caught });
  };
  if (overlay.userXattr) {
    setFlag("userxattr");
  }
  if (overlay.isBrief === true) {
    setFlag(VOLATILE);
  }
  return fs;
}

interface Place {
  readonly root: Register;
  readonly path: string;
  readonly refused: Label | undefined;
}

function makeConfigured(program: ProgramBuilder, fs: Register, place: Place): void {
  const create = [fs, named(FSCONFIG_CMD_CREATE, "CREATE"), 0, 0, 0];
  program.call("fsconfig", create, { describes, ...unlessRefused(place.refused) });
  const mountArgs = [fs, named(FSMOUNT_CLOEXEC, "CLOEXEC"), 0];
  program.callInto(place.root, "fsmount", mountArgs, { describes });
  program.close(fs);
  attachRoot(program, place.root, place.path, describes);
}

/** The context that refused stays open until execve closes it. */
function mountByOptions(
  program: ProgramBuilder,
  overlay: OverlayRoot,
  { root, options }: { readonly root: Register; readonly options: string },
): void {
  const name = program.text("overlay");
  const target = program.text(overlay.mountPoint);
  program.call("mount", [name, target, name, 0, program.text(options)], { describes });
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  program.callInto(root, "openat", [CURRENT_DIRECTORY, target, openFlags], { describes });
}

function mountOptions({ lower, upper, work, userXattr, isBrief }: OverlayRoot): string {
  const layers = lower.map(escapeOption).join(":");
  const parts = [
    `lowerdir=${layers}`,
    `upperdir=${escapeOption(upper)}`,
    `workdir=${escapeOption(work)}`,
    ...OVERLAY_OPTIONS.map(([key, value]) => `${key}=${value}`),
    ...(userXattr ? ["userxattr"] : []),
    ...(isBrief === true ? [VOLATILE] : []),
  ];
  return parts.join(",");
}

/** A comma ends an option, a colon a layer. */
function escapeOption(path: string): string {
  return path.replaceAll(/[\\,:]/g, "\\$&");
}
