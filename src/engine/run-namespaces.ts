// Whose namespaces a container is in: its own, the host's, another container's, or those of a path.
//
//   private          a new one
//   host             the host's
//   container:ID     that of a container that runs when this one starts, and has no user namespace of
//                    its own
//   ns:PATH          a namespace's file

import { O_RDONLY } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { defaultSpec } from "../oci/default-spec.ts";
import type { Namespace, NamespaceType } from "../oci/linux.ts";
import { OwnedFd, open, stat } from "../sys/file.ts";
import { findContainerId } from "./containers/container-names.ts";
import type { NamespaceMode, RunContainerOptions } from "./run-options.ts";

/** Those that a mode says something of. */
const CHOSEN = ["network", "ipc", "uts", "pid", "cgroup"] as const;
type ChosenType = (typeof CHOSEN)[number];

const CONTAINER = "container:";
const PATH = "ns:";

type Asked = Pick<RunContainerOptions, "network" | "namespaces">;

export function namespaceMode(options: Asked, type: ChosenType): NamespaceMode {
  if (type === "network") {
    return options.network === "none" ? "private" : options.network;
  }
  return options.namespaces?.[type] ?? "private";
}

/** Undefined: it joins none of a container. */
export function joinedContainer(mode: string | undefined): string | undefined {
  return mode?.startsWith(CONTAINER) === true ? mode.slice(CONTAINER.length) : undefined;
}

/** With the ids of the containers that they name. Throws "not-found". */
export function withContainerIds(options: Asked, storeRoot: string): Asked {
  const resolved = (mode: NamespaceMode): NamespaceMode => {
    const word = joinedContainer(mode);
    return word === undefined ? mode : `${CONTAINER}${findContainerId(storeRoot, word)}`;
  };
  const { namespaces, network } = options;
  const chosen = CHOSEN.filter((type) => type !== "network");
  const own = chosen.flatMap((type) => {
    const mode = namespaces?.[type];
    return mode === undefined ? [] : [[type, resolved(mode)] as const];
  });
  const resolvedNetwork = network === "none" ? network : resolved(network);
  return {
    network: resolvedNetwork === "private" ? "none" : resolvedNetwork,
    ...(namespaces === undefined
      ? {}
      : { namespaces: { ...namespaces, ...Object.fromEntries(own) } }),
  };
}

/** Throws where the container does not run. */
export type FindPid = (id: string) => number;

/** The namespaces that a container joins, open until it has been started. */
export class JoinedNamespaces implements Disposable {
  readonly #opened = new DisposableStack();
  readonly #paths = new Map<NamespaceType, string>();

  constructor(options: Asked, findPid: FindPid) {
    try {
      for (const type of CHOSEN) {
        this.#join(type, namespaceMode(options, type), findPid);
      }
    } catch (error) {
      this.#opened.dispose();
      throw error;
    }
  }

  /** As the configuration names it. */
  pathOf(type: NamespaceType): string | undefined {
    return this.#paths.get(type);
  }

  #join(type: ChosenType, mode: NamespaceMode, findPid: FindPid): void {
    const id = joinedContainer(mode);
    if (id !== undefined) {
      const pid = findPid(id);
      refuseOtherUsers(type, id, pid);
      this.#open(type, `/proc/${pid}/ns/${fileName(type)}`);
      // Only if it still runs the pid was the container's when its namespaces were opened.
      if (findPid(id) !== pid) {
        throw notJoined(type, quote(id), "it has ended meanwhile");
      }
    } else if (mode.startsWith(PATH)) {
      this.#openPath(type, mode.slice(PATH.length));
    }
  }

  #openPath(type: ChosenType, path: string): void {
    if (stat(path) === undefined) {
      throw notJoined(type, quote(path), "no such file or directory");
    }
    this.#open(type, path);
  }

  #open(type: NamespaceType, path: string): void {
    const number = this.#opened.use(new OwnedFd(open(path, O_RDONLY))).number;
    this.#paths.set(type, `/proc/${process.pid}/fd/${number}`);
  }

  [Symbol.dispose](): void {
    this.#opened.dispose();
  }
}

/** The holder could not leave such a namespace any more, and so not keep the container's records. */
function refuseOtherUsers(type: ChosenType, id: string, pid: number): void {
  if (stat(`/proc/${pid}/ns/user`)?.inode !== stat("/proc/self/ns/user")?.inode) {
    throw new OcicatError("unsupported", {
      operation: "join",
      subject: `the ${type} namespace of ${quote(id.slice(0, 12))}`,
      reason: "it belongs to that container's own user namespace",
      hint: "containers that root runs can share namespaces",
    });
  }
}

function fileName(type: ChosenType): string {
  return type === "network" ? "net" : type;
}

function notJoined(type: ChosenType, subject: string, reason: string): OcicatError {
  return new OcicatError("wrong-state", {
    operation: "join",
    subject: `the ${type} namespace of ${subject}`,
    reason,
  });
}

/** Of config.json. `isUserNew`: it gets a user namespace. */
export function runNamespaces(
  options: Asked,
  joined: JoinedNamespaces,
  isUserNew: boolean,
): Namespace[] {
  const own = defaultSpec({ cgroupNamespace: true }).linux?.namespaces ?? [];
  return [...own, ...(isUserNew ? [{ type: "user" } as const] : [])].flatMap((namespace) => {
    const { type } = namespace;
    const path = joined.pathOf(type);
    if (path !== undefined) {
      return [{ type, path }];
    }
    const chosen = CHOSEN.find((each) => each === type);
    const isHosts = chosen !== undefined && namespaceMode(options, chosen) === "host";
    return isHosts ? [] : [namespace];
  });
}
