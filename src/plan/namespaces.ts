// Which namespaces are made, which are joined, and by whom: the stage before the clone, or init after
// it. The order matters:
//
// - A pid or time namespace takes effect for children only: the stage enters it.
// - With a user namespace of the container's own, the others that have a path belong to an outer user
//   namespace: they are joined before, while the privilege over them is still there.
// - A cgroup namespace is made after init has entered its cgroup, or the container would see its own
//   path instead of "/".

import {
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
} from "../abi/process.ts";
import type { Namespace, NamespaceType } from "../oci/linux.ts";
import type { Spec } from "../oci/spec.ts";
import { flags, type ProgramBuilder } from "../program/builder.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { CLONE_NAMES, OPEN_NAMES } from "./flag-names.ts";

export const CLONE_FLAGS: Readonly<Record<NamespaceType, number>> = {
  user: CLONE_NEWUSER,
  mount: CLONE_NEWNS,
  pid: CLONE_NEWPID,
  network: CLONE_NEWNET,
  ipc: CLONE_NEWIPC,
  uts: CLONE_NEWUTS,
  cgroup: CLONE_NEWCGROUP,
  time: CLONE_NEWTIME,
};

export interface NamespacePlan {
  /** CLONE_NEW* for the clone of init. */
  readonly cloned: number;
  readonly user: "host" | "new" | "joined";
  readonly newCgroup: boolean;
  /** A new time namespace: made by the stage, or by init where only a new user namespace allows it. */
  readonly newTime: "no" | "by-stage" | "by-init";
  /** Joined by the stage before the clone, in this order. */
  readonly joinedByStage: readonly JoinedNamespace[];
  /** Joined by init after the clone. */
  readonly joinedByInit: readonly JoinedNamespace[];
  /** All CLONE_NEW* that are not the caller's: what `exec` has to join. */
  readonly separate: number;
}

export interface JoinedNamespace {
  readonly type: NamespaceType;
  readonly path: string;
  /** `linux.namespaces[2].path` */
  readonly reason: string;
}

/** In the order in which they are joined: the user namespace gives the right to the others. */
const JOIN_ORDER: readonly NamespaceType[] = [
  "user",
  "pid",
  "time",
  "network",
  "ipc",
  "uts",
  "cgroup",
  "mount",
];

export function planNamespaces(spec: Spec, privileged: boolean): NamespacePlan {
  const namespaces = spec.linux?.namespaces ?? [];
  const made = namespaces.filter(({ path }) => path === undefined).map(({ type }) => type);
  const joined = joinedNamespaces(namespaces);
  const user = userNamespace(made, joined);
  const isStages = ({ type }: JoinedNamespace) => joinsBeforeClone(type, user);
  const newTime = made.includes("time");
  return {
    cloned: made.reduce((sum, type) => sum | clonedFlag(type), 0),
    user,
    newCgroup: made.includes("cgroup"),
    newTime: newTime ? timeNamespaceMaker(user, privileged) : "no",
    joinedByStage: joined.filter(isStages),
    joinedByInit: joined.filter((namespace) => !isStages(namespace)),
    separate: namespaces.reduce((sum, { type }) => sum | CLONE_FLAGS[type], 0),
  };
}

/** Two namespaces are not made by the clone itself. */
function clonedFlag(type: NamespaceType): number {
  return type === "cgroup" || type === "time" ? 0 : CLONE_FLAGS[type];
}

function joinedNamespaces(namespaces: readonly Namespace[]): JoinedNamespace[] {
  const joined: JoinedNamespace[] = [];
  namespaces.forEach(({ type, path }, index) => {
    if (path !== undefined) {
      joined.push({ type, path, reason: `linux.namespaces[${index}].path` });
    }
  });
  return joined.sort((a, b) => JOIN_ORDER.indexOf(a.type) - JOIN_ORDER.indexOf(b.type));
}

function userNamespace(
  made: readonly NamespaceType[],
  joined: readonly JoinedNamespace[],
): NamespacePlan["user"] {
  if (made.includes("user")) {
    return "new";
  }
  return joined.some(({ type }) => type === "user") ? "joined" : "host";
}

function joinsBeforeClone(type: NamespaceType, user: NamespacePlan["user"]): boolean {
  if (user === "joined" || type === "pid" || type === "time") {
    return true;
  }
  return user === "new" && type !== "mount";
}

function timeNamespaceMaker(
  user: NamespacePlan["user"],
  privileged: boolean,
): NamespacePlan["newTime"] {
  return user === "new" && !privileged ? "by-init" : "by-stage";
}

/** Joins each namespace by its path. From within a user namespace not every path can be opened any more. */
export function joinNamespaces(
  program: ProgramBuilder,
  namespaces: readonly JoinedNamespace[],
): void {
  const describes =
    ({ type, path }: JoinedNamespace) =>
    () =>
      `join the ${type} namespace ${JSON.stringify(path)}`;
  const opened = namespaces.map((namespace) => {
    program.because(namespace.reason);
    const openFlags = flags(0o2000000, OPEN_NAMES);
    const words = [CURRENT_DIRECTORY, program.text(namespace.path), openFlags];
    const result = `${namespace.type}Ns`;
    return {
      namespace,
      fd: program.call("openat", words, { result, describes: describes(namespace) }),
    };
  });
  for (const { namespace, fd } of opened) {
    program.because(namespace.reason);
    const type = flags(CLONE_FLAGS[namespace.type], CLONE_NAMES);
    program.call("setns", [fd, type], { describes: describes(namespace) });
    program.close(fd);
  }
}

/** Makes a time namespace for the children of this process, with the configured offsets. */
export function makeTimeNamespace(program: ProgramBuilder, spec: Spec): void {
  program.because("linux.namespaces");
  program.call("unshare", [flags(CLONE_NEWTIME, CLONE_NAMES)], {
    describes: "make a time namespace",
  });
  const lines = Object.entries(spec.linux?.timeOffsets ?? {}).map(
    ([clock, offset]) => `${clock} ${offset?.secs ?? 0} ${offset?.nanosecs ?? 0}\n`,
  );
  if (lines.length === 0) {
    return;
  }
  program.because("linux.timeOffsets");
  const describes = "set the offsets of the time namespace";
  const path = program.text("/proc/self/timens_offsets");
  const fd = program.call("openat", [CURRENT_DIRECTORY, path, flags(0o2000001, OPEN_NAMES)], {
    result: "timeOffsets",
    describes,
  });
  const content = program.text(lines.join(""));
  program.call("write", [fd, content, content.size - 1], { describes });
  program.close(fd);
}
