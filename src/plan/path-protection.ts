// maskedPaths and readonlyPaths: paths of the container, resolved in its root, that are missing more
// often than not.

import {
  AT_EMPTY_PATH,
  AT_RECURSIVE,
  O_CLOEXEC,
  O_PATH,
  OPEN_HOW_BYTES,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
} from "../abi/file.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import { pathComponents } from "../oci/path-components.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Label, Register, Words } from "../program/program.ts";
import { CURRENT_DIRECTORY, openHow, type PlanContext } from "./context.ts";
import { MOUNT_ATTR_NAMES, OPEN_NAMES, OPEN_TREE_NAMES } from "./flag-names.ts";
import type { PathKind } from "./host-facts.ts";
import { setAttributes } from "./mount-attributes.ts";
import { attachMount } from "./mount-step.ts";

const STATX_BYTES = 256;
const STATX_TYPE = 1;
/** stx_rdev_major and stx_rdev_minor, 32 bits each. */
const STATX_RDEV_OFFSET = 128;
const NULL_DEVICE = 1 + 3 * 0x1_0000_0000;

/** Opens a path in the root; where it is missing, goes on at `missing`. */
function openExisting(
  program: ProgramBuilder,
  root: Register,
  path: string,
  missing: Label,
): Register {
  const how = openHow(program, {
    flags: O_PATH | O_CLOEXEC,
    resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
  });
  const relative = program.text(pathComponents(path).join("/"));
  return program.call("openat2", [root, relative, how, OPEN_HOW_BYTES], {
    result: "target",
    caught: { errnos: [Errno.ENOENT, Errno.ENOTDIR], target: missing },
    describes: () => `open ${quote(path)} in the container's root`,
  });
}

export function protectReadOnlyPaths({ program, request }: PlanContext, root: Register): void {
  request.spec.linux?.readonlyPaths?.forEach((path, index) => {
    program.because(`linux.readonlyPaths[${index}]`);
    const describes = () => `make ${quote(path)} read-only`;
    const missing = program.label();
    const target = openExisting(program, root, path, missing);
    if (request.facts.kernelPaths.get(path) === "missing") {
      refuseUnexpected(program, describes);
    } else {
      bindReadOnly(program, target, describes);
    }
    program.place(missing);
    program.forget(target);
  });
}

function bindReadOnly(program: ProgramBuilder, target: Register, describes: Words): void {
  const treeFlags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE;
  const args = [target, program.text(""), flags(treeFlags, OPEN_TREE_NAMES)];
  const tree = program.call("open_tree", args, { result: "tree", describes });
  const readOnly = { set: MOUNT_ATTR_RDONLY, clear: 0, propagation: 0, recursive: false };
  setAttributes(program, tree, readOnly, describes);
  attachMount(program, tree, target, describes);
  program.close(tree);
  program.call("close", [target]);
}

/** What the host does not have has appeared: a program that was made without it must not go on. */
function refuseUnexpected(program: ProgramBuilder, describes: Words): void {
  program.control("expect", [0, 1, 1, Errno.EAGAIN], { describes });
}

/**
 * A masked directory gets an empty read-only tmpfs, a masked file the null device. That is the host's,
 * opened while its root is still ours and checked: one in the container could be a link of the image
 * (CVE-2025-31133).
 */
export function maskPaths({ program, request }: PlanContext, root: Register): void {
  const paths = request.spec.linux?.maskedPaths ?? [];
  if (paths.length === 0) {
    return;
  }
  program.because("linux.maskedPaths");
  const nullDevice = openNullDevice(program);
  const { kernelPaths } = request.facts;
  paths.forEach((path, index) => {
    program.because(`linux.maskedPaths[${index}]`);
    maskPath({ program, root, nullDevice }, path, kernelPaths.get(path));
  });
  program.close(nullDevice);
}

function openNullDevice(program: ProgramBuilder): Register {
  const describes = "open the host's null device";
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  const device = program.call("openat", [CURRENT_DIRECTORY, program.text("/dev/null"), openFlags], {
    result: "null",
    describes,
  });
  const status = program.space(STATX_BYTES, "status");
  const atFlags = named(AT_EMPTY_PATH, "EMPTY_PATH");
  program.call("statx", [device, program.text(""), atFlags, named(STATX_TYPE, "TYPE"), status]);
  const number = program.control("load", [offsetOf(status, STATX_RDEV_OFFSET), 8], {
    result: "number",
  });
  program.control("expect", [number, -1, named(NULL_DEVICE, "1:3"), Errno.ENODEV], { describes });
  program.forget(number);
  return device;
}

interface Masks {
  readonly program: ProgramBuilder;
  readonly root: Register;
  readonly nullDevice: Register;
}

function maskPath(masks: Masks, path: string, kind: PathKind | undefined): void {
  const { program, root } = masks;
  const describes = () => `mask ${quote(path)}`;
  const missing = program.label();
  const target = openExisting(program, root, path, missing);
  const mask = program.register("mask");
  switch (kind) {
    case "missing":
      refuseUnexpected(program, describes);
      break;
    case "directory":
      makeEmptyDirectory(program, mask, describes);
      attachMount(program, mask, target, describes);
      break;
    case "file":
      copyNullDevice(masks, mask, describes);
      attachMount(program, mask, target, describes);
      break;
    case undefined:
      maskEither(masks, mask, target, describes);
  }
  if (kind !== "missing") {
    program.call("close", [mask]);
    program.call("close", [target]);
  }
  program.forget(mask);
  program.forget(target);
  program.place(missing);
}

function copyNullDevice({ program, nullDevice }: Masks, mask: Register, describes: Words): void {
  const treeFlags = flags(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH, OPEN_TREE_NAMES);
  program.callInto(mask, "open_tree", [nullDevice, program.text(""), treeFlags], { describes });
}

/** Nobody knows what the path is: a file does not go onto a directory, which the kernel tells. */
function maskEither(masks: Masks, mask: Register, target: Register, describes: Words): void {
  const { program } = masks;
  const isDirectory = program.label();
  const done = program.label();
  copyNullDevice(masks, mask, describes);
  const empty = program.text("");
  const moveFlags = named(MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH, "F_EMPTY|T_EMPTY");
  program.call("move_mount", [mask, empty, target, empty, moveFlags], {
    describes,
    caught: { errnos: [Errno.ENOTDIR, Errno.EINVAL], target: isDirectory },
  });
  program.jump(done);
  program.place(isDirectory);
  program.call("close", [mask]);
  makeEmptyDirectory(program, mask, describes);
  attachMount(program, mask, target, describes);
  program.place(done);
}

function makeEmptyDirectory(program: ProgramBuilder, result: Register, describes: Words): void {
  const openArgs = [program.text("tmpfs"), named(FSOPEN_CLOEXEC, "CLOEXEC")];
  const fs = program.call("fsopen", openArgs, { result: "fs", describes });
  program.call("fsconfig", [fs, named(FSCONFIG_CMD_CREATE, "CREATE"), 0, 0, 0], { describes });
  const attributes = flags(MOUNT_ATTR_RDONLY, MOUNT_ATTR_NAMES);
  const args = [fs, named(FSMOUNT_CLOEXEC, "CLOEXEC"), attributes];
  program.callInto(result, "fsmount", args, { describes });
  program.close(fs);
}
