// The root file system of a container that has a user namespace and files that know nothing of it: on the
// disk they keep the ids that the container sees, and id-mapped mounts show them with those that its user
// namespace maps them to. Nothing is copied or given away, so that one image serves any maps, and so does a
// writable layer.
//
// Only whoever owns a file system may map its ids: the stage does it, in the host's namespaces. Overlayfs
// takes its layers by paths, from mounts of the mount namespace that it is mounted in: a child of the stage
// has one for that. In it each layer, and the folder of the writable one, is covered by an id-mapped mount
// of itself. What goes back to the stage is a detached mount of the overlay, the only thing that remains.
//
// What overlayfs itself makes in the writable layer belongs to whoever mounts it. That one has to have an id
// that the mount maps, and all capabilities: the container's root, as the host knows it.

import { AT_EMPTY_PATH, AT_RECURSIVE } from "../abi/file.ts";
import {
  MOVE_MOUNT_F_EMPTY_PATH,
  MS_PRIVATE,
  MS_REC,
  MS_SLAVE,
  OPEN_TREE_CLOEXEC,
  OPEN_TREE_CLONE,
} from "../abi/mount.ts";
import { CLONE_NEWNS, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP } from "../abi/process.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { IdMapping } from "../oci/mount.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { awaitSuccess, cloneArguments } from "./clone.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { MS_NAMES, OPEN_TREE_NAMES } from "./flag-names.ts";
import { closeOwnIdMap, ownIdMap } from "./id-mapped-mounts.ts";
import { openSocketPair, receiveDescriptor, sendDescriptor } from "./messages.ts";
import { setAttributes, setIdMap } from "./mount-attributes.ts";
import { mountOverlay, type OverlayRoot } from "./overlay.ts";
import type { RootFilesystem } from "./request.ts";

const UNCHANGED = -1;

/** The last one that has ids mapped: gives up what says how. */
export function openIdMappedRoot(context: PlanContext): void {
  const { outer, request } = context;
  if (request.rootFilesystem.idMapped === true) {
    outer.root = openRoot(context, request.rootFilesystem);
  }
  closeOwnIdMap(context);
}

function openRoot(context: PlanContext, root: RootFilesystem): Register {
  const { program } = context;
  const map = ownIdMap(context);
  program.because("root.path");
  return root.kind === "path"
    ? openMappedFolder(program, root.path, map)
    : makeMappedOverlay(context, root, map);
}

interface Mapping {
  readonly map: Register;
  /** AT_RECURSIVE: the mounts below it come along, with their ids as they are. */
  readonly recursive: typeof AT_RECURSIVE | 0;
}

/** A detached mount of what is at `path`. */
function openMapped(program: ProgramBuilder, path: string, { map, recursive }: Mapping): Register {
  const treeFlags = flags(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive, OPEN_TREE_NAMES);
  const tree = program.call("open_tree", [CURRENT_DIRECTORY, program.text(path), treeFlags], {
    result: "tree",
    describes: () => `open ${quote(path)}`,
  });
  setIdMap(program, tree, map, false);
  return tree;
}

/** A clone is a peer of what it was made from: what the container mounts would be mounted on the host, too. */
function openMappedFolder(program: ProgramBuilder, path: string, map: Register): Register {
  const tree = openMapped(program, path, { map, recursive: AT_RECURSIVE });
  setAttributes(program, tree, { set: 0, clear: 0, propagation: MS_SLAVE, recursive: true });
  return tree;
}

function makeMappedOverlay(context: PlanContext, overlay: OverlayRoot, map: Register): Register {
  const { program } = context;
  const [ours, theirs] = openSocketPair(program, "ours", "theirs");
  const parent = program.label();
  const clone = cloneArguments(program, { flags: CLONE_NEWNS });
  const child = program.fork(clone, "layers", parent);
  program.call("close", [ours]);
  sendOverlay(context, { overlay, map, socket: theirs });
  program.control("exit", [0]);
  program.endFork(parent);
  program.close(theirs);
  // Before anything is received: a child that failed sends nothing.
  awaitSuccess(program, child, "mount the container's overlay");
  const root = receiveDescriptor(program, ours, "root");
  program.close(ours);
  return root;
}

interface SentOverlay {
  readonly overlay: OverlayRoot;
  readonly map: Register;
  readonly socket: Register;
}

/** In the child. */
function sendOverlay({ program, request }: PlanContext, sent: SentOverlay): void {
  const { overlay, map, socket } = sent;
  const { linux } = request.spec;
  const everything = [0, program.text("/"), 0, flags(MS_REC | MS_PRIVATE, MS_NAMES), 0];
  program.call("mount", everything, { describes: 'change the propagation of "/"' });
  for (const path of [...overlay.lower, parentOf(overlay.upper)]) {
    coverWithMapped(program, path, map);
  }
  const keepsCapabilities = named(SECBIT_NO_SETUID_FIXUP, "NO_SETUID_FIXUP");
  program.call("prctl", [named(PR_SET_SECUREBITS, "SET_SECUREBITS"), keepsCapabilities, 0, 0, 0]);
  const gid = rootOnHost(linux?.gidMappings, "linux.gidMappings");
  const uid = rootOnHost(linux?.uidMappings, "linux.uidMappings");
  program.call("setresgid", [UNCHANGED, gid, UNCHANGED]);
  program.call("setresuid", [UNCHANGED, uid, UNCHANGED]);
  const attached = mountOverlay(program, overlay);
  const treeFlags = flags(AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, OPEN_TREE_NAMES);
  const tree = program.call("open_tree", [attached, program.text(""), treeFlags], {
    result: "tree",
    describes: "take the container's overlay along",
  });
  const payload = program.text("r");
  sendDescriptor(program, {
    socket,
    fd: tree,
    payload,
    length: payload.size - 1,
    describes: "send the container's overlay",
  });
}

function coverWithMapped(program: ProgramBuilder, path: string, map: Register): void {
  const tree = openMapped(program, path, { map, recursive: 0 });
  const moveFlags = named(MOVE_MOUNT_F_EMPTY_PATH, "F_EMPTY");
  const args = [tree, program.text(""), CURRENT_DIRECTORY, program.text(path), moveFlags];
  program.call("move_mount", args, { describes: () => `cover ${quote(path)}` });
  program.close(tree);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** The id of the container's root. Throws "invalid-config" where nothing is mapped to it. */
function rootOnHost(mappings: readonly IdMapping[] | undefined, place: string): number {
  const mapping = mappings?.find(({ containerID, size }) => containerID === 0 && size > 0);
  if (mapping === undefined) {
    throw new OcicatError("invalid-config", {
      operation: "plan",
      subject: place,
      reason: "it maps no id to the container's root",
    });
  }
  return mapping.hostID;
}
