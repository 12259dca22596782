// The mounts of the configuration, in its order, by the new mount API: every mount is made detached
// and complete, and only then moved onto its target, which is a descriptor and never a path.

import { AT_RECURSIVE, O_CLOEXEC } from "../abi/file.ts";
import {
  FSCONFIG_CMD_CREATE,
  FSCONFIG_SET_FLAG,
  FSCONFIG_SET_STRING,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  MS_SLAVE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import { type Label, type Register, type Words, wordsOf } from "../program/program.ts";
import { mountCgroup } from "./cgroup-mounts.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { copyUp } from "./copy-up.ts";
import { MOUNT_ATTR_NAMES, OPEN_NAMES, OPEN_TREE_NAMES } from "./flag-names.ts";
import { idMappedUserNamespace } from "./id-mapped-mounts.ts";
import { applyMountOptions, setAttributes, setIdMap } from "./mount-attributes.ts";
import { type MountOptions, sortMountOptions } from "./mount-options.ts";
import { attachFileOrDirectory, attachMount, describeMount, type MountStep } from "./mount-step.ts";
import { openTarget, pathComponents, type Target } from "./paths.ts";
import {
  checkProcDestination,
  expectOutsideProc,
  expectProc,
  isBoundOnProc,
  mayLeadIntoProc,
} from "./proc-destinations.ts";

const STATX_BYTES = 256;
const STATX_MODE = 0x2;
const STATX_MODE_OFFSET = 28;
const AT_EMPTY_PATH = 0x1000;

/**
 * Before the clone, in the host's namespaces: detached copies of the bind sources that init could not
 * open from its user namespace, and of those whose ids are mapped.
 */
export function openOuterBindSources(context: PlanContext, newUserNamespace: boolean): void {
  const { program, request, outer } = context;
  const privilegeIsOutside = newUserNamespace && request.facts.privileged;
  request.spec.mounts?.forEach((mount, index) => {
    const options = sortMountOptions(mount);
    const isOuter = options.bind !== "no" && (privilegeIsOutside || options.idmap !== "no");
    if (!isOuter) {
      return;
    }
    program.because(`mounts[${index}].source`);
    const tree = openBindSource(context, mount, options);
    // The copy is still a peer of the host's mount: what the container mounts must not go back.
    const slave = { set: 0, clear: 0, propagation: MS_SLAVE, recursive: true };
    setAttributes(program, tree, slave);
    if (options.idmap !== "no") {
      program.because(`mounts[${index}].uidMappings`);
      const userNamespace = idMappedUserNamespace(context, mount);
      setIdMap(program, tree, userNamespace, options.idmap === "ridmap");
      program.close(userNamespace);
    }
    outer.bindSources.set(index, tree);
  });
}

function openBindSource(context: PlanContext, mount: Mount, options: MountOptions): Register {
  const { program, request } = context;
  const source = mount.source ?? "";
  const path = source.startsWith("/") ? source : `${request.bundle}/${source}`;
  const recursive = options.bind === "rbind" ? AT_RECURSIVE : 0;
  const treeFlags = flags(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive, OPEN_TREE_NAMES);
  return program.call("open_tree", [CURRENT_DIRECTORY, program.text(path), treeFlags], {
    result: "tree",
    describes: describeMount(mount),
  });
}

/** All mounts below the container's root, which `root` refers to. */
export function mountAll(context: PlanContext, root: Register): void {
  context.request.spec.mounts?.forEach((mount, index) => {
    checkProcDestination(mount, index);
    context.program.because(`mounts[${index}]`);
    mountOne({ context, root, mount, index, options: sortMountOptions(mount) });
  });
}

function mountOne(step: MountStep): void {
  const { mount, options } = step;
  if (options.bind !== "no") {
    mountBind(step);
  } else if (options.remount) {
    remount(step);
  } else if (mount.type === "cgroup" || mount.type === "cgroup2") {
    mountCgroup(step, openMountTarget(step, "directory"));
  } else {
    mountFileSystem(step);
  }
}

/** The descriptor that the mount goes to. procfs and sysfs accept no links (CVE-2023-28642). */
export function openMountTarget(step: MountStep, missing: Target["missing"]): Register {
  const { context, root, mount, index } = step;
  const { program, request } = context;
  program.because(`mounts[${index}].destination`);
  const resolved = request.facts.resolvedDestinations.get(mount.destination);
  const noLinks = mount.type === "proc" || mount.type === "sysfs";
  const path = resolved ?? mount.destination;
  const place = freshPlace(context, root, path);
  const target = openTarget(program, { ...place, missing, noLinks });
  if (mayLeadIntoProc(request.spec.mounts ?? [], index)) {
    expectOutsideProc(program, target, mount);
  }
  program.because(`mounts[${index}]`);
  return target;
}

/** A name in a file system that was empty when we mounted it needs no search from the root. */
function freshPlace(
  { freshMounts }: PlanContext,
  root: Register,
  path: string,
): Pick<Target, "root" | "path"> {
  const [parent = "", name, ...rest] = pathComponents(path);
  const fresh = freshMounts.get(parent);
  return fresh === undefined || name === undefined || rest.length > 0
    ? { root, path }
    : { root: fresh, path: name };
}

/** Keeps the descriptor of a tmpfs that others are mounted in, until something is mounted over it. */
function keepIfFresh({ context, mount, options }: MountStep, tree: Register): boolean {
  const [name = "", ...rest] = pathComponents(mount.destination);
  if (rest.length > 0) {
    return false;
  }
  context.freshMounts.delete(name);
  const isFresh = mount.type === "tmpfs" && !options.copyUp;
  if (isFresh) {
    context.freshMounts.set(name, tree);
  }
  return isFresh;
}

function mountBind(step: MountStep): void {
  const { context, mount, index, options } = step;
  const { program, request, outer } = context;
  const tree = outer.bindSources.get(index) ?? openBindSource(context, mount, options);
  if (isBoundOnProc(mount)) {
    expectProc(program, tree, describeMount(mount));
  }
  const isDirectory = request.facts.bindSources.get(index) !== "file";
  const target = openMountTarget(step, isDirectory ? "directory" : "file");
  program.because(`mounts[${index}].options`);
  applyMountOptions(program, tree, options, describeMount(mount));
  program.because(`mounts[${index}]`);
  attachFileOrDirectory(program, tree, target, describeMount(mount));
  program.close(target);
  program.close(tree);
  context.freshMounts.delete(pathComponents(mount.destination).join("/"));
}

function remount(step: MountStep): void {
  const { context, mount, options } = step;
  const { program } = context;
  const target = openMountTarget(step, "fail");
  applyMountOptions(program, target, options, describeMount(mount));
  program.close(target);
}

function mountFileSystem(step: MountStep): void {
  const { context, mount, index, options } = step;
  const { program } = context;
  const target = openMountTarget(step, "directory");
  const inheritsMode =
    mount.type === "tmpfs" && !options.data.some((option) => /^mode=/.test(option));
  const mode = inheritsMode ? readMode(program, target) : undefined;
  const fallback = mount.type === "sysfs" ? program.label() : undefined;
  const tree = makeFileSystem(context, mount, options, fallback);
  program.because(`mounts[${index}].options`);
  const propagationOnly = { ...options, attributes: { set: 0, clear: 0 } };
  applyMountOptions(program, tree, propagationOnly, describeMount(mount));
  program.because(`mounts[${index}]`);
  if (mode !== undefined) {
    changeMode(program, tree, mode);
  }
  if (options.copyUp) {
    copyUp(step, tree, target);
  }
  if (fallback === undefined) {
    attachMount(program, tree, target, describeMount(mount));
    program.close(target);
    if (!keepIfFresh(step, tree)) {
      program.close(tree);
    }
    return;
  }
  attachMount(program, tree, target, describeMount(mount));
  bindHostSysfs(step, tree, target, fallback);
}

/** A detached mount of a new superblock. `refused`: where to go on when the kernel answers EPERM. */
function makeFileSystem(
  context: PlanContext,
  mount: Mount,
  options: MountOptions,
  refused?: Label,
): Register {
  const { program } = context;
  const describes = describeMount(mount);
  const type = mount.type ?? "none";
  const caught =
    refused === undefined ? {} : { caught: { errnos: [Errno.EPERM], target: refused } };
  const openFlags = named(FSOPEN_CLOEXEC, "CLOEXEC");
  const fs = program.call("fsopen", [program.text(type), openFlags], {
    result: "fs",
    describes,
    ...caught,
  });
  setString(program, fs, "source", mount.source ?? type, describes);
  for (const option of [...options.superblock, ...supportedData(context, mount, options)]) {
    configure(program, fs, option, describes);
  }
  program.call("fsconfig", [fs, named(FSCONFIG_CMD_CREATE, "CREATE"), 0, 0, 0], {
    describes,
    ...caught,
  });
  const attributes = flags(options.attributes.set, MOUNT_ATTR_NAMES);
  const tree = program.call("fsmount", [fs, named(FSMOUNT_CLOEXEC, "CLOEXEC"), attributes], {
    result: "tree",
    describes,
  });
  program.close(fs);
  return tree;
}

/** devpts refuses a group that the user namespace does not map. */
function supportedData(
  context: PlanContext,
  mount: Mount,
  options: MountOptions,
): readonly string[] {
  const maps = context.request.spec.linux?.gidMappings;
  if (mount.type !== "devpts" || maps === undefined || maps.length === 0) {
    return options.data;
  }
  return options.data.filter((option) => {
    const gid = /^gid=(\d+)$/.exec(option)?.[1];
    const isMapped = maps.some(
      ({ containerID, size }) => Number(gid) >= containerID && Number(gid) < containerID + size,
    );
    return gid === undefined || isMapped;
  });
}

function configure(program: ProgramBuilder, fs: Register, option: string, describes: Words): void {
  const equals = option.indexOf("=");
  if (equals >= 0) {
    setString(program, fs, option.slice(0, equals), option.slice(equals + 1), describes);
    return;
  }
  const args = [fs, named(FSCONFIG_SET_FLAG, "SET_FLAG"), program.text(option), 0, 0];
  program.call("fsconfig", args, {
    describes: () => `${wordsOf(describes)} with option ${quote(option)}`,
  });
}

// biome-ignore lint/complexity/useMaxParams: key and value of one option
function setString(
  program: ProgramBuilder,
  fs: Register,
  key: string,
  value: string,
  describes: Words,
): void {
  const command = named(FSCONFIG_SET_STRING, "SET_STRING");
  program.call("fsconfig", [fs, command, program.text(key), program.text(value), 0], {
    describes:
      key === "source"
        ? describes
        : () => `${wordsOf(describes)} with option ${quote(`${key}=${value}`)}`,
  });
}

/** The permission bits of a mount target: a tmpfs without a mode of its own takes them over. */
function readMode(program: ProgramBuilder, target: Register): Register {
  const status = program.space(STATX_BYTES, "status");
  const atFlags = named(AT_EMPTY_PATH, "EMPTY_PATH");
  const mask = named(STATX_MODE, "MODE");
  program.call("statx", [target, program.text(""), atFlags, mask, status]);
  return program.control("load", [offsetOf(status, STATX_MODE_OFFSET), 2], { result: "mode" });
}

/** fchmod needs a descriptor that is open for more than its path. */
function changeMode(program: ProgramBuilder, tree: Register, mode: Register): void {
  const openFlags = flags(O_CLOEXEC, OPEN_NAMES);
  const directory = program.call("openat", [tree, program.text("."), openFlags], {
    result: "directory",
  });
  program.call("fchmod", [directory, mode]);
  program.close(directory);
  program.forget(mode);
}

/**
 * A user namespace that does not own its network namespace may not mount sysfs: it gets the host's,
 * with the same attributes, as the peers do.
 */
function bindHostSysfs(step: MountStep, tree: Register, target: Register, refused: Label): void {
  const { context, mount, options } = step;
  const { program } = context;
  const done = program.label();
  program.jump(done);
  program.place(refused);
  const treeFlags = flags(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE, OPEN_TREE_NAMES);
  program.callInto(tree, "open_tree", [CURRENT_DIRECTORY, program.text("/sys"), treeFlags], {
    describes: describeMount(mount),
  });
  const change = { ...options.attributes, propagation: MS_SLAVE, recursive: true };
  setAttributes(program, tree, change, describeMount(mount));
  attachMount(program, tree, target, describeMount(mount));
  program.place(done);
  program.close(target);
  program.close(tree);
}
