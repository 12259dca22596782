// What there is of everything: versions, folders, the store, the machine, registries.

import packageFile from "../../../package.json" with { type: "json" };
import { O_PATH, O_RDONLY } from "../../abi/file.ts";
import { readDelegation } from "../../cgroup/delegate.ts";
import { detectCgroupHost } from "../../cgroup/detect.ts";
import { hostControllers } from "../../cgroup/host-controllers.ts";
import { isSystemdRunning } from "../../cgroup/systemd.ts";
import type { CgroupHost } from "../../cgroup/types.ts";
import type { Configuration } from "../../config/configuration.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readSetting } from "../../host/read-setting.ts";
import { ContentStore } from "../../image/content/content-store.ts";
import { listImages } from "../../image/content/image-list.ts";
import { chosenFormat, type FormatChoice } from "../../image/layers/format-choice.ts";
import { OCI_VERSION } from "../../oci/spec.ts";
import { call } from "../../sys/call.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, stat } from "../../sys/file.ts";
import { availableBytes } from "../../sys/free-space.ts";
import { isAppArmorOn } from "../apparmor.ts";
import { supervisorPid } from "../supervisor/supervisor-lock.ts";
import { supervisorPlace } from "../supervisor/supervisor-place.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { listConfigurationPaths } from "./list-settings.ts";
import { runningContainers } from "./running-containers.ts";
import { existingFolder } from "./scratch-folder.ts";

export interface SystemDescription {
  readonly version: string;
  /** Of the OCI runtime specification. */
  readonly specVersion: string;
  readonly bunVersion: string;
  readonly rootless: boolean;
  readonly host: HostDescription;
  readonly store: StoreDescription;
  readonly registries: RegistryDescription;
  /** Those that are there. */
  readonly configurationFiles: readonly string[];
}

export interface HostDescription {
  readonly operatingSystem: string;
  readonly kernel: string;
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly cgroups: CgroupDescription;
  /** Those that are switched on: "seccomp", "apparmor", "selinux". */
  readonly security: readonly string[];
}

export interface CgroupDescription {
  /** "none": no tree is mounted. */
  readonly layout: CgroupHost["layout"] | "none";
  /** That containers can be limited by: for an ordinary user those that were given to them. */
  readonly controllers: readonly string[];
  readonly systemd: boolean;
}

export interface StoreDescription {
  readonly root: string;
  /** Where the state of what runs is; undefined: there is no folder for it. */
  readonly stateRoot: string | undefined;
  readonly freeBytes: number;
  /** Of new images, by the settings and by what this machine can do. */
  readonly layerFormat: FormatChoice;
  readonly images: number;
  readonly containers: number;
  readonly running: number;
  /** The process that has the health of containers checked; undefined: none runs, as none is needed. */
  readonly supervisorPid: number | undefined;
}

export interface RegistryDescription {
  readonly default: string;
  readonly insecure: readonly string[];
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
  readonly certsDirs: readonly string[];
}

export async function describeSystem(options: SurroundingsOptions): Promise<SystemDescription> {
  const surroundings = await readSurroundings(options);
  return {
    version: packageFile.version,
    specVersion: OCI_VERSION,
    bunVersion: Bun.version,
    rootless: call("geteuid") !== 0,
    host: describeHost(),
    store: describeStore(surroundings),
    registries: describeRegistries(surroundings.configuration),
    configurationFiles: listConfigurationPaths().flatMap(({ path, exists }) =>
      exists ? [path] : [],
    ),
  };
}

function describeHost(): HostDescription {
  const release = readSetting("/etc/os-release") ?? readSetting("/usr/lib/os-release") ?? "";
  const memory = /^MemTotal:\s+(\d+) kB$/m.exec(readSetting("/proc/meminfo") ?? "");
  return {
    operatingSystem: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? "Linux",
    kernel: readSetting("/proc/sys/kernel/osrelease") ?? "",
    architecture: hostArchitecture.name,
    cpus: navigator.hardwareConcurrency,
    memoryBytes: Number(memory?.[1] ?? 0) * 1024,
    cgroups: describeCgroups(),
    security: [
      ...(readSetting("/proc/sys/kernel/seccomp/actions_avail") === undefined ? [] : ["seccomp"]),
      ...(isAppArmorOn() ? ["apparmor"] : []),
      ...(stat("/sys/fs/selinux/enforce") === undefined ? [] : ["selinux"]),
    ],
  };
}

function describeCgroups(): CgroupDescription {
  const systemd = isSystemdRunning();
  const host = orUndefined(detectCgroupHost);
  if (host === undefined) {
    return { layout: "none", controllers: [], systemd };
  }
  if (call("geteuid") !== 0) {
    const delegation = readDelegation();
    const controllers = delegation?.writable === true ? delegation.controllers : [];
    return { layout: host.layout, controllers, systemd };
  }
  return { layout: host.layout, controllers: hostControllers(host), systemd };
}

function describeStore(surroundings: Surroundings): StoreDescription {
  const { storeRoot: root, configuration } = surroundings;
  const folder = existingFolder(root);
  using directory = new OwnedFd(open(folder, O_PATH));
  const isMade = stat(`${root}/version`) !== undefined;
  const stateRoot = orUndefined(() => surroundings.stateRoot);
  const wanted = configuration.get("storage.format");
  const containers = containerNames(root);
  const running = runningContainers(surroundings);
  return {
    root,
    stateRoot,
    freeBytes: availableBytes(directory.number, quote(folder)),
    layerFormat:
      wanted === "auto"
        ? chosenFormat(folder)
        : { format: wanted, reason: "storage.format says so" },
    images: isMade ? countImages(root) : 0,
    containers: containers.length,
    running: containers.filter((name) => running.has(name)).length,
    supervisorPid: orUndefined(() => supervisorPid(supervisorPlace(surroundings))),
  };
}

function countImages(root: string): number {
  using store = new ContentStore(root);
  return listImages(store).length;
}

function containerNames(root: string): readonly string[] {
  if (stat(`${root}/containers`) === undefined) {
    return [];
  }
  const flags = O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY;
  using folder = new OwnedFd(open(`${root}/containers`, flags));
  return readDirectoryAt(folder.number, ".").map(({ name }) => name);
}

function describeRegistries(configuration: Configuration): RegistryDescription {
  return {
    default: configuration.get("image.default-registry"),
    insecure: configuration.get("image.insecure-registries"),
    mirrors: configuration.get("registry.mirrors"),
    certsDirs: configuration.get("image.certs-dirs"),
  };
}

/** What cannot be had here is not shown. */
function orUndefined<Value>(get: () => Value): Value | undefined {
  try {
    return get();
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}
