// Whose namespaces a container is in: its own, the host's, another container's, or those of a path.
//
//   private          a new one
//   host             the host's
//   container:ID     that of a container that runs when this one starts; with a user namespace of that one,
//                    which is then joined, too
//   ns:PATH          a namespace's file

import { O_RDONLY } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { defaultSpec } from "../oci/default-spec.ts";
import type { Namespace, NamespaceType } from "../oci/linux.ts";
import type { SharedMounts } from "../plan/request.ts";
import { call } from "../sys/call.ts";
import { OwnedFd, open, stat } from "../sys/file.ts";
import { findContainerId } from "./containers/container-names.ts";
import type { NamespaceMode, PodMemoryMount, RunContainerOptions } from "./run-options.ts";

/** Those that a mode says something of. */
const CHOSEN = ["network", "ipc", "uts", "pid", "cgroup"] as const;
type ChosenType = (typeof CHOSEN)[number];

export const SHARED_MEMORY = "/dev/shm";

/** In the mount namespace of a pod's process. */
export function podMemoryPath(name: string): string {
  return `/memory/${name}`;
}

const CONTAINER = "container:";
const PATH = "ns:";

type Asked = Pick<RunContainerOptions, "network" | "namespaces" | "podMemory" | "users">;

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

/** Undefined: it joins none of a path. */
export function namespacePath(mode: string): string | undefined {
  return mode.startsWith(PATH) ? mode.slice(PATH.length) : undefined;
}

/** The first container whose namespaces it is in. */
export function joinsContainer(options: Asked): string | undefined {
  return CHOSEN.map((type) => joinedContainer(namespaceMode(options, type))).find(
    (id) => id !== undefined,
  );
}

/** With the ids of the containers that they name. Throws "not-found". */
export function withContainerIds(options: Asked, storeRoot: string): Asked {
  const resolved = (mode: NamespaceMode): NamespaceMode => {
    const word = joinedContainer(mode);
    return word === undefined ? mode : `${CONTAINER}${findContainerId(storeRoot, word)}`;
  };
  const { namespaces, network, users } = options;
  const chosen = CHOSEN.filter((type) => type !== "network");
  const own = chosen.flatMap((type) => {
    const mode = namespaces?.[type];
    return mode === undefined ? [] : [[type, resolved(mode)] as const];
  });
  const resolvedNetwork = network === "none" ? network : resolved(network);
  const word = users?.kind === "join" ? joinedContainer(users.namespace) : undefined;
  const joined = word === undefined ? undefined : findContainerId(storeRoot, word);
  return {
    ...(joined === undefined
      ? {}
      : { users: { kind: "join", namespace: `${CONTAINER}${joined}` } as const }),
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
  readonly #hasOwnUsers: boolean;
  readonly #paths = new Map<NamespaceType, string>();
  #sharedMounts: SharedMounts | undefined;
  readonly #podMemory: readonly PodMemoryMount[];

  constructor(options: Asked, findPid: FindPid) {
    this.#podMemory = options.podMemory ?? [];
    this.#hasOwnUsers = options.users !== undefined;
    try {
      this.#joinChosenUsers(options.users, findPid);
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

  /** Who shares the System V and POSIX objects of a container shares its /dev/shm, and a pod's memory. */
  get sharedMounts(): SharedMounts | undefined {
    return this.#sharedMounts;
  }

  #joinChosenUsers(users: Asked["users"], findPid: FindPid): void {
    const mode = users?.kind === "maps" ? users.joins : undefined;
    if (mode === undefined) {
      return;
    }
    const id = joinedContainer(mode);
    const path = id === undefined ? namespacePath(mode) : `/proc/${findPid(id)}/ns/user`;
    this.#paths.set("user", this.#open(path ?? ""));
  }

  #join(type: ChosenType, mode: NamespaceMode, findPid: FindPid): void {
    const id = joinedContainer(mode);
    if (id !== undefined) {
      const pid = findPid(id);
      this.#joinUsers(type, id, pid);
      this.#paths.set(type, this.#open(`/proc/${pid}/ns/${fileName(type)}`));
      if (type === "ipc") {
        this.#shareMemory(pid);
      }
      // Only if it still runs the pid was the container's when its namespaces were opened.
      if (findPid(id) !== pid) {
        throw notJoined(type, quote(id), "it has ended meanwhile");
      }
    } else if (mode.startsWith(PATH)) {
      this.#openPath(type, mode.slice(PATH.length));
    }
  }

  /** Only from its user namespace an ordinary user's container can be joined: its ids are this one's, too. */
  #joinUsers(type: ChosenType, id: string, pid: number): void {
    const users = stat(`/proc/${pid}/ns/user`)?.inode;
    if (users === stat("/proc/self/ns/user")?.inode) {
      return;
    }
    const joined = this.#paths.get("user");
    if ((call("geteuid") === 0 || this.#hasOwnUsers) && joined === undefined) {
      throw new OcicatError("unsupported", {
        operation: "join",
        subject: `the ${type} namespace of ${quote(id.slice(0, 12))}`,
        reason: "it belongs to that container's own user namespace",
        hint: `\`--userns container:${id.slice(0, 12)}\` shares that one, too`,
      });
    }
    if (joined === undefined) {
      this.#paths.set("user", this.#open(`/proc/${pid}/ns/user`));
    } else if (stat(joined)?.inode !== users) {
      throw notJoined(type, quote(id.slice(0, 12)), "another container's user namespace is joined");
    }
  }

  #shareMemory(pid: number): void {
    const userNamespace = this.#paths.get("user");
    this.#sharedMounts = {
      mounts: [
        { destination: SHARED_MEMORY, source: SHARED_MEMORY },
        ...this.#podMemory.map(({ name, destination }) => ({
          destination,
          source: podMemoryPath(name),
        })),
      ],
      mountNamespace: this.#open(`/proc/${pid}/ns/mnt`),
      ...(userNamespace === undefined ? {} : { userNamespace }),
    };
  }

  #openPath(type: ChosenType, path: string): void {
    if (stat(path) === undefined) {
      throw notJoined(type, quote(path), "no such file or directory");
    }
    this.#paths.set(type, this.#open(path));
  }

  #open(path: string): string {
    const number = this.#opened.use(new OwnedFd(open(path, O_RDONLY))).number;
    return `/proc/${process.pid}/fd/${number}`;
  }

  [Symbol.dispose](): void {
    this.#opened.dispose();
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
  const hasUsers = isUserNew || joined.pathOf("user") !== undefined;
  return [...own, ...(hasUsers ? [{ type: "user" } as const] : [])].flatMap((namespace) => {
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
