// The container's root: made a mount of its own, and later the root of the mount namespace.

import { AT_RECURSIVE, O_CLOEXEC, O_PATH } from "../abi/file.ts";
import {
  MNT_DETACH,
  MOUNT_ATTR_RDONLY,
  MS_MOVE,
  MS_PRIVATE,
  MS_REC,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "../abi/mount.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { RootfsPropagation } from "../oci/linux.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { attachRoot } from "./attach-root.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { MS_NAMES, OPEN_NAMES, OPEN_TREE_NAMES } from "./flag-names.ts";
import { setAttributes } from "./mount-attributes.ts";
import { mountConfigured, mountOpened, mountOverlay } from "./overlay.ts";
import type { CreateRequest, RootFilesystem } from "./request.ts";

const PROPAGATION: Readonly<Record<RootfsPropagation, number>> = {
  shared: MS_SHARED,
  rshared: MS_SHARED | MS_REC,
  slave: MS_SLAVE,
  rslave: MS_SLAVE | MS_REC,
  private: MS_PRIVATE,
  rprivate: MS_PRIVATE | MS_REC,
  unbindable: MS_UNBINDABLE,
  runbindable: MS_UNBINDABLE | MS_REC,
};

/**
 * No mount of the container may reach the host: before anything is mounted, everything becomes at
 * least a slave, and private where the configuration wants that.
 */
export function isolatePropagation({ program, request }: PlanContext): void {
  if (!hasMountNamespace(request)) {
    return;
  }
  program.because("linux.rootfsPropagation");
  const wanted = request.spec.linux?.rootfsPropagation;
  const isPrivate = wanted === "private" || wanted === "rprivate";
  changePropagation(program, MS_REC | (isPrivate ? MS_PRIVATE : MS_SLAVE));
}

/** The root's own propagation, once it is the root. */
export function applyRootPropagation({ program, request }: PlanContext): void {
  const wanted = request.spec.linux?.rootfsPropagation;
  if (!hasMountNamespace(request)) {
    return;
  }
  if (wanted !== undefined && wanted !== "private" && wanted !== "rprivate") {
    program.because("linux.rootfsPropagation");
    changePropagation(program, PROPAGATION[wanted]);
  }
}

/**
 * Without one the mount table is the host's: then nothing of it may be changed but below the container's
 * root, and a pivot would take the host's root away. `delete` unmounts what was mounted there.
 */
function hasMountNamespace({ spec }: CreateRequest): boolean {
  return spec.linux?.namespaces?.some(({ type }) => type === "mount") === true;
}

function changePropagation(program: ProgramBuilder, propagation: number): void {
  const args = [0, program.text("/"), 0, flags(propagation, MS_NAMES), 0];
  program.call("mount", args, { describes: 'change the propagation of "/"' });
}

/** A descriptor of the container's root, attached where pivot_root can take it from. */
export function mountRoot({ program, request, outer, early }: PlanContext): Register {
  program.because("root.path");
  const { rootFilesystem } = request;
  if (!hasMountNamespace(request)) {
    return openRoot(program, request);
  }
  const opened = outer.root ?? early.root;
  if (opened !== undefined) {
    attachRoot(program, opened, "/", "mount the root file system");
    return opened;
  }
  if (rootFilesystem.kind === "path") {
    return bindRoot(program, rootFilesystem.path);
  }
  if (early.folders !== undefined) {
    return mountOpened(program, rootFilesystem, early.folders);
  }
  return early.overlay === undefined
    ? mountOverlay(program, rootFilesystem)
    : mountConfigured(program, rootFilesystem, early.overlay);
}

function openRoot(program: ProgramBuilder, { rootFilesystem, spec }: CreateRequest): Register {
  const refused = whyNotOnTheHost(rootFilesystem, spec);
  if (refused !== undefined) {
    throw new OcicatError("invalid-config", {
      operation: "plan",
      subject: refused,
      reason: "needs a mount namespace",
    });
  }
  const path = rootFilesystem.kind === "path" ? rootFilesystem.path : rootFilesystem.mountPoint;
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  return program.call("openat", [CURRENT_DIRECTORY, program.text(path), openFlags], {
    result: "root",
    describes: () => `open the root file system ${quote(path)}`,
  });
}

function whyNotOnTheHost(root: RootFilesystem, spec: CreateRequest["spec"]): string | undefined {
  if (root.kind === "overlay") {
    return "the container's overlay";
  }
  return spec.root.readonly === true ? "root.readonly" : undefined;
}

function bindRoot(program: ProgramBuilder, path: string): Register {
  const root = openRootTree(program, path);
  attachRoot(program, root, path, () => `mount the root file system ${quote(path)}`);
  return root;
}

/** A detached mount of it. */
export function openRootTree(program: ProgramBuilder, path: string): Register {
  const describes = () => `mount the root file system ${quote(path)}`;
  const treeFlags = flags(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE, OPEN_TREE_NAMES);
  return program.call("open_tree", [CURRENT_DIRECTORY, program.text(path), treeFlags], {
    result: "root",
    describes,
  });
}

/** Makes `root` the root of the mount namespace, and lets go of the host's. */
export function enterRoot({ program, request }: PlanContext, root: Register): void {
  program.because("root.path");
  const dot = program.text(".");
  program.call("fchdir", [root], { describes: "enter the root file system" });
  if (!hasMountNamespace(request)) {
    program.call("chroot", [dot], { describes: "enter the root file system" });
  } else if (request.noPivot) {
    program.call("mount", [dot, program.text("/"), 0, flags(MS_MOVE, { MOVE: MS_MOVE }), 0], {
      describes: 'move the root file system to "/"',
    });
    program.call("chroot", [dot], { describes: "enter the root file system" });
  } else {
    // Both names are ".": the old root then lies on top of the new one, and the umount takes it off.
    program.call("pivot_root", [dot, dot], { describes: "pivot into the root file system" });
    program.call("umount2", [dot, named(MNT_DETACH, "DETACH")], {
      describes: "let go of the host's root",
    });
  }
  program.call("chdir", [program.text("/")]);
}

export function makeRootReadOnly({ program, request }: PlanContext, root: Register): void {
  if (request.spec.root.readonly === true) {
    program.because("root.readonly");
    const readOnly = { set: MOUNT_ATTR_RDONLY, clear: 0, propagation: 0, recursive: false };
    setAttributes(program, root, readOnly, "make the root file system read-only");
  }
}
