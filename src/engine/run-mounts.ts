// The mounts of a container that `ocicat run` makes: what every container has, as the peers mount it, and
// what was asked for.

import type { Namespace } from "../oci/linux.ts";
import type { Mount } from "../oci/mount.ts";
import { SUBDIRECTORY } from "../oci/mount-options.ts";
import { stat } from "../sys/file.ts";
import { mountIdMaps } from "./id-maps.ts";
import { joinedContainer, namespaceMode, podMemoryPath, SHARED_MEMORY } from "./run-namespaces.ts";
import type {
  NamespaceMode,
  PodMemoryMount,
  RunContainerOptions,
  RunFileSystem,
  RunMount,
  RunVolume,
} from "./run-options.ts";
import { dataPath } from "./run-volumes.ts";
import { LOCAL_TIME, zonePath } from "./time-zone.ts";

export interface MountRequest {
  readonly options: RunContainerOptions;
  readonly namespaces: readonly Namespace[];
  /** Files that tell the names of hosts. */
  readonly nameFiles: readonly Mount[];
  /** Made anew each time it starts. */
  readonly startedMounts: readonly Mount[];
  /** Where volumes are. */
  readonly storeRoot: string;
}

/** `base`: those of the default configuration. */
export function systemMounts(base: readonly Mount[], request: MountRequest): Mount[] {
  return base.flatMap((mount) => systemMount(mount, request) ?? []);
}

function systemMount(mount: Mount, { options, namespaces }: MountRequest): Mount | undefined {
  const { shmSize, security } = options;
  const ipc = namespaceMode(options, "ipc");
  const isIpcHosts = ipc === "host";
  switch (mount.destination) {
    case "/proc":
      return procMount(mount, namespaces, security?.procOptions ?? []);
    case SHARED_MEMORY:
      return options.noSharedMemory === true ? undefined : shmMount(mount, ipc, shmSize);
    case "/dev/mqueue":
      return isIpcHosts ? hostFolder(mount) : mount;
    case "/sys":
    case "/sys/fs/cgroup":
      return security?.privileged === true ? writable(mount) : mount;
    default:
      return mount;
  }
}

/** With the attributes that the peers give it. Who made no pid namespace may not mount one. */
function procMount(
  mount: Mount,
  namespaces: readonly Namespace[],
  asked: readonly string[],
): Mount {
  const hasPids = namespaces.some(({ type }) => type === "pid");
  const hasUsers = namespaces.some(({ type }) => type === "user");
  return !hasPids && hasUsers
    ? { destination: "/proc", type: "bind", source: "/proc", options: ["rbind", "rslave"] }
    : { ...mount, options: ["nosuid", "noexec", "nodev", ...asked] };
}

/** Undefined: the host has none. */
function hostFolder({ destination }: Mount): Mount | undefined {
  return stat(destination) === undefined ? undefined : boundFolder({ destination });
}

function boundFolder({ destination }: Mount): Mount {
  return {
    destination,
    type: "bind",
    source: destination,
    options: ["bind", "rprivate", "nosuid", "noexec", "nodev"],
  };
}

function shmMount(mount: Mount, ipc: NamespaceMode, size: number | undefined): Mount | undefined {
  if (joinedContainer(ipc) !== undefined) {
    return boundFolder(mount);
  }
  return ipc === "host" ? hostFolder(mount) : sizedShm(mount, size);
}

function sizedShm(mount: Mount, size: number | undefined): Mount {
  const others = (mount.options ?? []).filter((option) => !option.startsWith("size="));
  return size === undefined ? mount : { ...mount, options: [...others, `size=${size}`] };
}

function writable(mount: Mount): Mount {
  return { ...mount, options: (mount.options ?? []).map((word) => (word === "ro" ? "rw" : word)) };
}

/** What is asked for wins over the files of names. Outer ones first, or they would hide the inner ones. */
export function askedMounts(request: MountRequest): Mount[] {
  const { options, nameFiles, storeRoot, startedMounts } = request;
  // Of containers with other ids, too: each finds in a volume what another has put there.
  const idMapped = mountIdMaps(options) !== undefined;
  const binds = [
    ...options.mounts,
    ...(options.volumes ?? []).map((volume) => ({
      ...volume,
      source: dataPath(storeRoot, volume.name ?? ""),
      idMapped,
    })),
  ].map(bindMount);
  const zone = options.timeZone === undefined ? [] : [zoneMount(options.timeZone)];
  const fileSystems = (options.fileSystems ?? []).map(newFileSystem);
  const asked = [
    ...binds,
    ...zone,
    ...fileSystems,
    ...options.tmpfs.map(tmpfsMount),
    ...(options.podMemory ?? []).map(podMemoryMount),
    ...startedMounts,
  ];
  const taken = new Set(asked.map(({ destination }) => destination));
  const names = nameFiles.filter(({ destination }) => !taken.has(destination));
  return [...names, ...asked.toSorted((one, other) => depth(one) - depth(other))];
}

function depth({ destination }: Mount): number {
  return destination.split("/").filter(Boolean).length;
}

/** Of a volume with options what these say is mounted. */
function bindMount(mount: RunMount & Pick<RunVolume, "mounted">): Mount {
  const { source, destination, readOnly, propagation = "rprivate", idMapped = false } = mount;
  const part = mount.subpath === undefined ? [] : [`${SUBDIRECTORY}${mount.subpath}`];
  const bound = { type: "bind", source, options: ["rbind", propagation] };
  const { type, options, ...from } = mount.mounted ?? bound;
  const isMapped = idMapped && type === "bind";
  const words = [...options, ...(readOnly ? ["ro"] : []), ...(isMapped ? ["idmap"] : []), ...part];
  return { ...from, destination, type, options: words };
}

/** The host's file; checkRequest has seen that it is there. */
function zoneMount(zone: string): Mount {
  const options = ["bind", "rprivate", "ro", "nosuid", "nodev", "noexec"];
  return { destination: LOCAL_TIME, type: "bind", source: zonePath(zone), options };
}

function newFileSystem({ type, destination, options }: RunFileSystem): Mount {
  return { destination, type, source: type, options: ["nosuid", "noexec", ...options] };
}

/** Its source is opened in the pod's mount namespace. */
function podMemoryMount({ name, destination, readOnly }: PodMemoryMount): Mount {
  const mount = { destination, type: "bind", source: podMemoryPath(name) };
  const words = ["bind", "rprivate", "nosuid", "nodev", "noexec"];
  return { ...mount, options: [...words, ...(readOnly ? ["ro"] : [])] };
}

function tmpfsMount(text: string): Mount {
  const [destination = "", data] = text.split(":", 2);
  const asked = data === undefined ? [] : data.split(",");
  return {
    destination,
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "nodev", "noexec", ...asked],
  };
}
