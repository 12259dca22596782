// The mounts of the configuration, in its order, by the new mount API: every mount is made detached
// and complete, and only then moved onto its target, which is a descriptor and never a path.

import { AT_RECURSIVE, F_DUPFD_CLOEXEC, O_CLOEXEC } from "../abi/file.ts";
import { MOUNT_ATTR_RDONLY, MS_SLAVE, OPEN_TREE_CLOEXEC, OPEN_TREE_CLONE } from "../abi/mount.ts";
import { pathComponents } from "../oci/path-components.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Label, Register } from "../program/program.ts";
import { openBindSource } from "./bind-sources.ts";
import { mountCgroup } from "./cgroup-mounts.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { copyUp } from "./copy-up.ts";
import { makeFileSystem, reconfigureFileSystem } from "./file-system.ts";
import { OPEN_NAMES, OPEN_TREE_NAMES } from "./flag-names.ts";
import { applyMountOptions, setAttributes } from "./mount-attributes.ts";
import { sortMountOptions, withoutReadOnly } from "./mount-options.ts";
import { attachFileOrDirectory, attachMount, describeMount, type MountStep } from "./mount-step.ts";
import { isPlainOverlay, makeOverlay } from "./overlay-mount.ts";
import { openInRoot, openTarget, type Target } from "./paths.ts";
import {
  checkProcDestination,
  expectOutsideProc,
  expectProc,
  isBoundOnProc,
  mayLeadIntoProc,
} from "./proc-destinations.ts";
import { requireSecurityModule } from "./security-modules.ts";

const STATX_BYTES = 256;
const STATX_MODE = 0x2;
const TMPFS_MODE = 0o1777;
const STATX_MODE_OFFSET = 28;
const AT_EMPTY_PATH = 0x1000;

/** All mounts below the container's root, which `root` refers to. */
export function mountAll(context: PlanContext, root: Register): void {
  const { facts, spec } = context.request;
  if (spec.linux?.mountLabel !== undefined) {
    requireSecurityModule(facts.security.selinux, "SELinux", "linux.mountLabel");
  }
  spec.mounts?.forEach((mount, index) => {
    checkProcDestination(mount, index);
    context.program.because(`mounts[${index}]`);
    mountOne({ context, root, mount, index, options: sortMountOptions(mount) });
  });
}

function mountOne(step: MountStep): void {
  const { mount, options } = step;
  if (options.remount) {
    remount(step);
  } else if (options.bind !== "no") {
    mountBind(step);
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
  const { program, request, outer, early } = context;
  const opened = outer.bindSources.get(index) ?? early.bindSources.get(index);
  const tree = opened ?? openBindSource(context, mount, options);
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

/** A bind mount is remounted by itself, any other mount together with its file system. */
function remount(step: MountStep): void {
  const { context, mount, index, options } = step;
  const { program } = context;
  const target = openMountTarget(step, "fail");
  program.because(`mounts[${index}].options`);
  if (options.bind === "no") {
    reconfigureFileSystem(program, mount, options, target);
  }
  applyMountOptions(program, target, options, describeMount(mount));
  program.close(target);
}

/** Other mounts and the devices have their places in these: they are made first. */
function isReadOnlyLater({ mount, options }: MountStep): boolean {
  const hasPlaces = mount.type === "tmpfs" || pathComponents(mount.destination).join("/") === "dev";
  return hasPlaces && (options.attributes.set & MOUNT_ATTR_RDONLY) !== 0;
}

function makeReadOnlyLater({ context, mount, index }: MountStep, tree: Register): void {
  const { program, readOnlyLater } = context;
  const describes = describeMount(mount);
  const later = program.call("fcntl", [tree, named(F_DUPFD_CLOEXEC, "DUPFD_CLOEXEC"), 0], {
    result: "readOnlyLater",
    describes,
  });
  readOnlyLater.push({ tree: later, reason: `mounts[${index}].options`, describes });
}

/** Once everything is in its place. */
export function finishReadOnlyMounts({ program, readOnlyLater }: PlanContext): void {
  for (const { tree, reason, describes } of readOnlyLater) {
    program.because(reason);
    const readOnly = { set: MOUNT_ATTR_RDONLY, clear: 0, propagation: 0, recursive: false };
    setAttributes(program, tree, readOnly, describes);
    program.close(tree);
  }
}

function mountFileSystem(step: MountStep): void {
  const { context, mount, index } = step;
  const isLater = isReadOnlyLater(step);
  const options = isLater ? withoutReadOnly(step.options) : step.options;
  const { program } = context;
  const inheritsMode =
    mount.type === "tmpfs" && !options.data.some((option) => /^mode=/.test(option));
  const mode = inheritsMode ? readMode(step) : undefined;
  const target = openMountTarget(step, "directory");
  const fallback = mount.type === "sysfs" ? program.label() : undefined;
  const tree =
    mount.type === "overlay" && !isPlainOverlay(options)
      ? makeOverlay(context, mount, options)
      : makeFileSystem(context, mount, options, fallback);
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
    if (isLater) {
      makeReadOnlyLater(step, tree);
    }
    if (!keepIfFresh(step, tree)) {
      program.close(tree);
    }
    return;
  }
  attachMount(program, tree, target, describeMount(mount));
  bindHostSysfs(step, tree, target, fallback);
}

/**
 * The permission bits that the mount target has before anything is made there: a tmpfs without a mode
 * of its own takes them over. Where there is nothing yet, the kernel's own mode of a tmpfs stays.
 */
function readMode({ context, root, mount, index }: MountStep): Register {
  const { program, request } = context;
  program.because(`mounts[${index}].destination`);
  const content = new Uint8Array(STATX_BYTES);
  new DataView(content.buffer).setUint16(STATX_MODE_OFFSET, TMPFS_MODE, true);
  const status = program.structure(content, "{mode 01777}");
  const absent = program.label();
  const path = request.facts.resolvedDestinations.get(mount.destination) ?? mount.destination;
  const place = freshPlace(context, root, path);
  const probe = program.register("probe");
  const relative = pathComponents(place.path).join("/") || ".";
  openInRoot(program, { ...place, path: relative }, probe, absent);
  const atFlags = named(AT_EMPTY_PATH, "EMPTY_PATH");
  const mask = named(STATX_MODE, "MODE");
  program.call("statx", [probe, program.text(""), atFlags, mask, status]);
  program.close(probe);
  program.place(absent);
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
