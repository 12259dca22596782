// kube play: makes what a file of Kubernetes' documents asks for, and starts it. Where something fails
// nothing is left of the pod that it belongs to.

import { OcicatError } from "../../error/ocicat-error.ts";
import { createPod } from "../pods/create-pod.ts";
import { startPod } from "../pods/pod-operations.ts";
import { createOnly } from "../run.ts";
import type { RunContainerOptions, RunProgress } from "../run-options.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { makePart } from "../volumes/make-part.ts";
import { createVolume } from "../volumes/volume-operations.ts";
import { type CompiledPod, compilePod } from "./compile-pod.ts";
import { surplusPods } from "./deployment-pods.ts";
import { removePlayed } from "./down-kube.ts";
import { prepareHostPath, prepareVolume } from "./fill-volumes.ts";
import { type FirstContainer, requireGoingOn, runFirst } from "./first-containers.ts";
import type { KubeObject } from "./kube-objects.ts";
import { storeKubeSecret } from "./kube-secrets.ts";
import { parseKubeFile } from "./parse-documents.ts";
import { contextOf } from "./play-context.ts";

export interface PlayKubeOptions extends SurroundingsOptions {
  /** YAML, or JSON. */
  readonly text: string;
  /** Of the file, for messages. */
  readonly fileName: string;
  /** Files with further ConfigMaps. */
  readonly mapTexts?: readonly { readonly text: string; readonly fileName: string }[];
  /** Pods that are there are removed first, and those that a Deployment of the file has no more. */
  readonly replace: boolean;
  readonly start: boolean;
  /** In place of what the documents say. */
  readonly network?: "host" | "none";
  /** Of the pods, in the tree of cgroups. */
  readonly cgroupParent?: string;
  readonly progress?: RunProgress;
  /** Aborted: what is left of the pod that is being made is removed, with an error of code "interrupted". */
  readonly signal?: AbortSignal;
}

export interface PlayedPod {
  readonly id: string;
  /** The containers' ids. */
  readonly containers: readonly string[];
}

export interface Played {
  readonly pods: readonly PlayedPod[];
  /** The names of claims that have volumes now. */
  readonly volumes: readonly string[];
  readonly secrets: readonly string[];
}

/** Throws "invalid-config" for a file that cannot be played; then nothing has been made. */
export async function playKube(options: PlayKubeOptions): Promise<Played> {
  const objects = readObjects(options);
  const context = await contextOf(objects, options);
  const compiled = objects.flatMap((object) =>
    object.kind === "Pod" ? [withChoices(compilePod(object, context), options)] : [],
  );
  context.check(options.fileName);
  const volumes: string[] = [];
  const secrets: string[] = [];
  for (const object of objects) {
    if (object.kind === "PersistentVolumeClaim") {
      volumes.push(await createVolume(object.name, { ...options, labels: object.labels }));
    } else if (object.kind === "Secret") {
      await storeKubeSecret(object, options);
      secrets.push(object.name);
    }
  }
  if (options.replace) {
    for (const name of await surplusPods(objects, options)) {
      await removePlayed(name, options);
    }
  }
  const pods: PlayedPod[] = [];
  for (const pod of compiled) {
    pods.push(await playPod(pod, options));
  }
  return { pods, volumes, secrets };
}

function readObjects(options: PlayKubeOptions): readonly KubeObject[] {
  const files = [options, ...(options.mapTexts ?? [])].map(({ text, fileName }) =>
    parseKubeFile(text, fileName),
  );
  for (const warning of files.flatMap(({ warnings }) => warnings)) {
    options.onWarning?.(warning);
  }
  const [first, ...others] = files;
  const maps = others.flatMap(({ objects }) => objects.filter(({ kind }) => kind === "ConfigMap"));
  return [...maps, ...(first?.objects ?? [])];
}

function withChoices(compiled: CompiledPod, options: PlayKubeOptions): CompiledPod {
  const { network, cgroupParent } = options;
  return {
    ...compiled,
    pod: {
      ...compiled.pod,
      ...(network === undefined ? {} : { network }),
      ...(cgroupParent === undefined ? {} : { cgroupParent }),
    },
  };
}

async function playPod(compiled: CompiledPod, options: PlayKubeOptions): Promise<PlayedPod> {
  const { name } = compiled.pod;
  const place = placeOf(options);
  if (options.replace) {
    await removePlayed(name, place);
  }
  compiled.hostPaths.forEach(prepareHostPath);
  const id = await createPod({ ...compiled.pod, ...place });
  try {
    return { id, containers: await fillPod(compiled, { ...options, ...place }) };
  } catch (error) {
    await removePlayed(name, place).catch((failure: unknown) => {
      if (error instanceof OcicatError) {
        error.cleanupFailures.push(failure);
      }
    });
    throw error;
  }
}

function placeOf({ storeRoot, stateRoot, flags, onWarning }: SurroundingsOptions) {
  return { storeRoot, stateRoot, onWarning, ...(flags === undefined ? {} : { flags }) };
}

/** All containers are there before one starts: with the end of an early one the pod would end. */
async function fillPod(
  { pod, volumes, initContainers, containers }: CompiledPod,
  options: PlayKubeOptions,
): Promise<readonly string[]> {
  for (const volume of volumes) {
    await prepareVolume(volume, pod.name, options);
  }
  const all = [...initContainers.map((each) => each.options), ...containers];
  for (const { source, subpath } of all.flatMap(({ mounts }) => mounts)) {
    if (subpath !== undefined) {
      makePart(source, subpath);
    }
  }
  const create = (container: RunContainerOptions): Promise<string> => {
    requireGoingOn(options);
    return createOnly(withPlace(container, options));
  };
  const first: FirstContainer[] = [];
  for (const { options: container, isSidecar } of initContainers) {
    first.push({ id: await create(container), isSidecar });
  }
  const ids: string[] = [];
  for (const container of containers) {
    ids.push(await create(container));
  }
  if (options.start) {
    for (const each of first) {
      await runFirst(each, options);
    }
    await startPod(pod.name, { ...options, interruption: options.signal });
    requireGoingOn(options);
  }
  const kept = first.filter(({ isSidecar }) => isSidecar || !options.start);
  return [...kept.map(({ id }) => id), ...ids];
}

function withPlace(
  container: RunContainerOptions,
  { storeRoot, stateRoot, onWarning, progress, signal }: PlayKubeOptions,
): RunContainerOptions {
  return {
    ...container,
    ...(storeRoot === undefined ? {} : { storeRoot }),
    ...(stateRoot === undefined ? {} : { stateRoot }),
    ...(onWarning === undefined ? {} : { onWarning }),
    ...(progress === undefined ? {} : { progress }),
    ...(signal === undefined ? {} : { signal }),
  };
}
