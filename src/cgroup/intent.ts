// Where a container's cgroup will be: the meaning of `linux.cgroupsPath`, as runc has it. Nothing is
// made here, so that the intent can be stored before anything exists.
//
//   cgroupfs  "/a/b"   below the root of every tree
//             "a/b"    below the caller's own cgroup; on v2 below its parent, because a cgroup with
//                      processes of its own cannot give controllers to its children
//             absent   as a relative path that is the container's id
//   systemd   "slice:prefix:name"  the unit prefix-name.scope in that slice
//             absent   ocicat-ID.scope in system.slice (rootless: user.slice)

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { detectCgroupHost } from "./detect.ts";
import { directoryIn, type Membership, readMembership } from "./membership.ts";
import { cleanPath, joinPath, parentPath } from "./path-names.ts";
import { userManagerCgroup } from "./systemd.ts";
import type {
  CgroupHost,
  CgroupKeeper,
  CgroupRequest,
  ContainerCgroup,
  V1Cgroup,
  V2Cgroup,
} from "./types.ts";
import { slicePath, unitNames } from "./unit-name.ts";

/** What only the running system knows, asked for when it is needed. */
export interface Surroundings {
  /** The caller's own cgroups. */
  ownCgroups(): Membership;
  /** The cgroup of the user's own systemd, in the v2 tree. */
  userManagerCgroup(): string;
}

const LIVE: Surroundings = {
  ownCgroups: () => readMembership("self") ?? new Map(),
  userManagerCgroup,
};

export function planCgroup(request: CgroupRequest): ContainerCgroup {
  return resolveCgroup(request, detectCgroupHost(), LIVE);
}

export function resolveCgroup(
  request: CgroupRequest,
  host: CgroupHost,
  surroundings: Surroundings,
): ContainerCgroup {
  return request.systemd
    ? systemdCgroup(request, host, surroundings)
    : cgroupfsCgroup(request, host, surroundings);
}

function systemdCgroup(
  request: CgroupRequest,
  host: CgroupHost,
  surroundings: Surroundings,
): ContainerCgroup {
  const { rootless, cgroupsPath, containerId } = request;
  if (rootless && host.layout !== "v2") {
    throw new OcicatError("unsupported", {
      operation: "use",
      subject: "the systemd cgroup manager",
      reason: "rootless, it needs a host with cgroup v2 alone",
    });
  }
  const defaultSlice = rootless ? "user.slice" : "system.slice";
  const { unit, slice } = unitNames(cgroupsPath, containerId, defaultSlice);
  const keeper: CgroupKeeper = { kind: "systemd", unit, slice, userBus: rootless };
  const above = rootless ? surroundings.userManagerCgroup() : "/";
  const path = joinPath(above, `${slicePath(slice)}/${unit}`);
  return placeInTrees({ request, keeper, host }, belowMountPoint(path));
}

function cgroupfsCgroup(
  request: CgroupRequest,
  host: CgroupHost,
  surroundings: Surroundings,
): ContainerCgroup {
  const wanted = cleanPath(request.cgroupsPath ?? "") || cleanPath(request.containerId);
  if (wanted === "/") {
    throw new OcicatError("invalid-config", {
      operation: "use",
      subject: `linux.cgroupsPath ${quote(request.cgroupsPath ?? "")}`,
      reason: "the root cgroup holds the host's own processes",
    });
  }
  const locate = wanted.startsWith("/")
    ? belowMountPoint(wanted)
    : belowOwnCgroup(wanted, host, surroundings.ownCgroups());
  return placeInTrees({ request, keeper: { kind: "cgroupfs" }, host }, locate);
}

interface MountedTree {
  readonly mountPoint: string;
  readonly root: string;
}

/** The directory of the container's cgroup in a tree, given one of its controllers; "": the v2 tree. */
type Locate = (tree: MountedTree, controller: string) => string;

function belowMountPoint(path: string): Locate {
  return (tree) => joinPath(tree.mountPoint, path);
}

function belowOwnCgroup(path: string, host: CgroupHost, own: Membership): Locate {
  return (tree, controller) => {
    // The v2 tree of a hybrid host only tells systemd who belongs to whom: there the container
    // leaves the caller's cgroup, or it would end with the caller's session.
    if (controller === "" && host.layout === "hybrid") {
      return joinPath(tree.mountPoint, path);
    }
    const ownPath = own.get(controller) ?? tree.root;
    const above = host.layout === "v2" ? parentPath(ownPath) : ownPath;
    return joinPath(directoryIn(tree, above) ?? tree.mountPoint, path);
  };
}

interface Placement {
  readonly request: CgroupRequest;
  readonly keeper: CgroupKeeper;
  readonly host: CgroupHost;
}

function placeInTrees({ request, keeper, host }: Placement, locate: Locate): V1Cgroup | V2Cgroup {
  const explicit = (request.cgroupsPath ?? "") !== "";
  const record = { keeper, rootless: request.rootless, explicit };
  if (host.layout === "v2" && host.unified !== undefined) {
    return { tree: "v2", ...record, path: locate(host.unified, "") };
  }
  const paths: Record<string, string> = {};
  for (const hierarchy of host.hierarchies) {
    const directory = locate(hierarchy, hierarchy.controllers[0] ?? "");
    for (const controller of hierarchy.controllers) {
      paths[controller] = directory;
    }
  }
  const unified = host.unified === undefined ? {} : { unifiedPath: locate(host.unified, "") };
  return { tree: "v1", ...record, paths, ...unified };
}
