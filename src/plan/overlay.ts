// The image's layers below a writable one, mounted in the container's mount namespace alone.
//
// Kernels since 6.8 take the layers one by one. Older ones know only one option with all of them,
// separated by colons; fsconfig takes no value beyond 255 bytes, so there mount(2) has to do it, whose
// options may have 4095. Which kernel it is shows when the mount is made.

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
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import { type Label, type Register, wordsOf } from "../program/program.ts";
import { attachRoot } from "./attach-root.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import type { RootFilesystem } from "./request.ts";

export type OverlayRoot = Extract<RootFilesystem, { kind: "overlay" }>;

const LONGEST_MOUNT_OPTIONS = 4095;
/**
 * Without it the end of the mount, and with that the container's, waits until everything that the upper
 * layer's file system has in memory is on the disk, whoever wrote it. Linux 5.10; it is not asked for where
 * mount(2) has to do it.
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

type FirstWay = (root: Register, refused: Label | undefined) => void;

function tryBothWays(program: ProgramBuilder, overlay: OverlayRoot, first: FirstWay): Register {
  const options = mountOptions(overlay);
  const hasOtherWay = new TextEncoder().encode(options).length <= LONGEST_MOUNT_OPTIONS;
  const root = program.register("root");
  if (!hasOtherWay) {
    first(root, undefined);
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
  const caught = unlessRefused(refused);
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
  for (const lower of overlay.lower) {
    set("lowerdir+", lower);
  }
  set("upperdir", overlay.upper);
  set("workdir", overlay.work);
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

function mountOptions({ lower, upper, work, userXattr }: OverlayRoot): string {
  const layers = lower.map(escapeOption).join(":");
  const parts = [
    `lowerdir=${layers}`,
    `upperdir=${escapeOption(upper)}`,
    `workdir=${escapeOption(work)}`,
    ...OVERLAY_OPTIONS.map(([key, value]) => `${key}=${value}`),
    ...(userXattr ? ["userxattr"] : []),
  ];
  return parts.join(",");
}

/** A comma ends an option, a colon a layer. */
function escapeOption(path: string): string {
  return path.replaceAll(/[\\,:]/g, "\\$&");
}
