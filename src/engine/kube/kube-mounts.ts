// The volumes of a pod: what has to be there before it starts, and what its containers mount. No I/O.

import type { PodMemory, PodMemoryMount, RunMount, RunSecret, RunVolume } from "../run-options.ts";
import { isInside } from "./inside-path.ts";
import type { KubeContext } from "./kube-context.ts";
import type {
  HostPathType,
  KubeContainer,
  KubePod,
  KubeVolume,
  KubeVolumeMount,
} from "./kube-objects.ts";
import { expand } from "./kube-variables.ts";

/** A volume of the store that a pod needs. */
export interface KubeStoredVolume {
  readonly name: string;
  /** It is the pod's alone, and goes with it. */
  readonly isOwn: boolean;
  readonly group: number | undefined;
  /** What is in it; absent: what is written to it. */
  readonly files?: readonly KubeFileContent[];
}

export interface KubeFileContent {
  /** Inside of the volume. */
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

export interface KubeHostPath {
  readonly path: string;
  readonly type: HostPathType;
  readonly place: string;
}

export interface KubeMounts {
  readonly mounts: readonly RunMount[];
  readonly volumes: readonly RunVolume[];
  readonly memory: readonly PodMemoryMount[];
  readonly secrets: readonly RunSecret[];
}

function ownVolumeName(pod: Pick<KubePod, "name">, volume: string): string {
  return `${pod.name}-${volume}`;
}

export function storedVolumes(pod: KubePod, context: KubeContext): readonly KubeStoredVolume[] {
  const group = pod.spec.volumeGroup;
  return pod.spec.volumes.flatMap((volume): readonly KubeStoredVolume[] => {
    const name = ownVolumeName(pod, volume.name);
    switch (volume.kind) {
      case "empty":
        return isInMemory(pod.spec, volume) ? [] : [{ name, isOwn: true, group }];
      case "claim":
        return [{ name: volume.claim, isOwn: false, group }];
      case "ConfigMap":
        return [
          {
            name,
            isOwn: true,
            group: fileGroup(pod, context),
            files: filesOf(volume, context),
          },
        ];
      default:
        return [];
    }
  });
}

export function hostPaths({ spec }: KubePod): readonly KubeHostPath[] {
  return spec.volumes.flatMap((volume) => (volume.kind === "host" ? [volume] : []));
}

/** Those that the pod's process has, for its containers. */
export function podMemory(spec: KubePod["spec"]): readonly PodMemory[] {
  return spec.volumes.flatMap((volume) => (isInMemory(spec, volume) ? [memoryOf(volume)] : []));
}

type EmptyVolume = Extract<KubeVolume, { readonly kind: "empty" }>;

/** A container that has nothing of the pod's process has its memory on the disk. */
function isInMemory({ hostIpc }: KubePod["spec"], volume: KubeVolume): volume is EmptyVolume {
  return volume.kind === "empty" && volume.isMemory && !hostIpc;
}

function memoryOf({ name, bytes }: EmptyVolume): PodMemory {
  return { name, ...(bytes === undefined ? {} : { size: Math.floor(bytes) }) };
}

type FilesVolume = Extract<KubeVolume, { readonly kind: "ConfigMap" | "Secret" }>;

interface ChosenKey {
  readonly key: string;
  readonly path: string;
  readonly mode: number;
}

function chosenKeys(
  volume: FilesVolume,
  keys: readonly string[] | undefined,
  context: KubeContext,
): readonly ChosenKey[] {
  const { object, kind, optional, place, mode } = volume;
  if (keys === undefined && !optional) {
    context.fault(place, `there is no ${kind} ${JSON.stringify(object)}`);
  }
  const all = (keys ?? []).map((key) => ({ key, path: key, mode }));
  const chosen = keys === undefined ? [] : (volume.items ?? all);
  for (const { key } of chosen.filter((item) => keys?.includes(item.key) !== true)) {
    if (!optional) {
      context.fault(place, `${kind} ${JSON.stringify(object)} has no key ${JSON.stringify(key)}`);
    }
  }
  return chosen.filter(({ key }) => keys?.includes(key));
}

function filesOf(volume: FilesVolume, context: KubeContext): readonly KubeFileContent[] {
  const map = context.maps.get(volume.object);
  const keys = map === undefined ? undefined : [...map.keys()];
  return chosenKeys(volume, keys, context).map(({ key, path, mode }) => ({
    path,
    mode,
    content: map?.get(key) ?? new Uint8Array(),
  }));
}

export interface MountingContainer {
  readonly container: KubeContainer;
  /** Of its variables. */
  readonly values: ReadonlyMap<string, string>;
}

export function containerMounts(
  pod: KubePod,
  { container, values }: MountingContainer,
  context: KubeContext,
): KubeMounts {
  const mounts: RunMount[] = [];
  const volumes: RunVolume[] = [];
  const memory: PodMemoryMount[] = [];
  const secrets: RunSecret[] = [];
  for (const asked of container.mounts) {
    const mount = { ...asked, subPath: subPathIn(asked, values, context) };
    const volume = pod.spec.volumes.find(({ name }) => name === mount.volume);
    const { path: destination } = mount;
    if (volume?.kind === "Secret") {
      secrets.push(...secretMounts(volume, mount, { context, group: fileGroup(pod, context) }));
    } else if (volume?.kind === "host") {
      mounts.push({
        source: volume.path,
        destination,
        readOnly: mount.readOnly,
        ...subpathOf(mount),
      });
    } else if (volume !== undefined && isInMemory(pod.spec, volume)) {
      memory.push(memoryMount(volume, mount, context));
    } else if (volume !== undefined) {
      requireFile(volume, mount, context);
      volumes.push(storedVolume(pod, volume, mount));
    }
  }
  return { mounts, volumes, memory, secrets };
}

function storedVolume(pod: KubePod, volume: KubeVolume, mount: KubeVolumeMount): RunVolume {
  const isClaim = volume.kind === "claim";
  return {
    name: isClaim ? volume.claim : ownVolumeName(pod, volume.name),
    destination: mount.path,
    readOnly: mount.readOnly || volume.kind === "ConfigMap" || (isClaim && volume.readOnly),
    copies: false,
    ...subpathOf(mount),
  };
}

function memoryMount(
  volume: EmptyVolume,
  { path: destination, readOnly, subPath, place }: KubeVolumeMount,
  context: KubeContext,
): PodMemoryMount {
  if (subPath !== undefined) {
    context.fault(`${place}.subPath`, "an emptyDir in memory is mounted as a whole");
  }
  return { ...memoryOf(volume), destination, readOnly };
}

/** As the engine has it. */
function subpathOf({ subPath }: KubeVolumeMount): Pick<RunVolume, "subpath"> {
  return subPath === undefined ? {} : { subpath: subPath };
}

function subPathIn(
  { subPath, subPathExpr, place }: KubeVolumeMount,
  values: ReadonlyMap<string, string>,
  context: KubeContext,
): string | undefined {
  const expanded = subPathExpr === undefined ? subPath : expand(subPathExpr, values);
  if (expanded === undefined || expanded === "") {
    return undefined;
  }
  const path = expanded.replace(/\/+$/, "");
  if (!isInside(path)) {
    context.fault(
      `${place}.subPath`,
      `${JSON.stringify(expanded)} is no path inside of the volume`,
    );
  }
  return path;
}

/** Of a map: there is nothing in its volume but its keys. */
function requireFile(
  volume: KubeVolume,
  { subPath, place }: KubeVolumeMount,
  context: KubeContext,
): void {
  if (volume.kind !== "ConfigMap" || subPath === undefined) {
    return;
  }
  const paths = filesOf(volume, context).map(({ path }) => path);
  if (!paths.some((path) => path === subPath || path.startsWith(`${subPath}/`))) {
    context.fault(`${place}.subPath`, `the volume has no file ${JSON.stringify(subPath)}`);
  }
}

/** Of files that the pod's containers only read. */
function fileGroup({ spec }: KubePod, { isRoot }: KubeContext): number | undefined {
  return isRoot ? spec.volumeGroup : undefined;
}

const GROUP_READS = 0o440;

/** Of a file that is the fsGroup's: as Kubernetes has it, the group may read it whatever its mode says. */
export function groupMode(mode: number, group: number | undefined): number {
  return group === undefined ? mode : mode | GROUP_READS;
}

/** Each key is a file that is placed anew at each start. */
function secretMounts(
  volume: FilesVolume,
  { path, subPath, place }: KubeVolumeMount,
  { context, group }: { readonly context: KubeContext; readonly group: number | undefined },
): readonly RunSecret[] {
  const stored = context.secrets.get(volume.object);
  const keys = stored === undefined ? undefined : [...stored.keys()];
  const chosen = chosenKeys(volume, keys, context);
  const shown = subPath === undefined ? chosen : chosen.filter((item) => item.path === subPath);
  if (subPath !== undefined && shown.length === 0) {
    context.fault(`${place}.subPath`, `the volume has no file ${JSON.stringify(subPath)}`);
  }
  return shown.map((item) => ({
    kind: "mount",
    name: stored?.get(item.key) ?? "",
    target: subPath === undefined ? `${path}/${item.path}` : path,
    uid: 0,
    gid: group ?? 0,
    mode: groupMode(item.mode, group),
  }));
}
