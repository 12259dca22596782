// kube play: makes what a file of Kubernetes' documents asks for, and starts it. Where something fails
// nothing is left of the pod that it belongs to.

import { hostname } from "node:os";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readTextFile } from "../../sys/file.ts";
import { waitForContainer } from "../containers/await-exit.ts";
import { removeContainer, startByName } from "../containers/container-operations.ts";
import { createPod } from "../pods/create-pod.ts";
import { startPod } from "../pods/pod-operations.ts";
import { createOnly } from "../run.ts";
import type { RunContainerOptions, RunProgress } from "../run-options.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { createVolume } from "../volumes/volume-operations.ts";
import { type CompiledPod, compilePod } from "./compile-pod.ts";
import { removePlayed } from "./down-kube.ts";
import { prepareHostPath, prepareVolume } from "./fill-volumes.ts";
import type { KubeContext } from "./kube-context.ts";
import type { KubeObject } from "./kube-objects.ts";
import { storedKubeSecrets, storeKubeSecret } from "./kube-secrets.ts";
import { parseKubeFile } from "./parse-documents.ts";

export interface PlayKubeOptions extends SurroundingsOptions {
  /** YAML, or JSON. */
  readonly text: string;
  /** Of the file, for messages. */
  readonly fileName: string;
  /** Files with further ConfigMaps. */
  readonly mapTexts?: readonly { readonly text: string; readonly fileName: string }[];
  /** Pods that are there are removed first. */
  readonly replace: boolean;
  readonly start: boolean;
  /** In place of what the documents say. */
  readonly network?: "host" | "none";
  /** Of the pods, in the tree of cgroups. */
  readonly cgroupParent?: string;
  readonly progress?: RunProgress;
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

class PlayContext implements KubeContext {
  readonly maps: KubeContext["maps"];
  readonly secrets: KubeContext["secrets"];
  readonly storeRoot: string;
  readonly nodeName = hostname();
  readonly #faults: { readonly path: string; readonly reason: string }[] = [];
  readonly #onWarning: ((text: string) => void) | undefined;

  constructor(
    found: Pick<KubeContext, "maps" | "secrets" | "storeRoot">,
    onWarning: ((text: string) => void) | undefined,
  ) {
    this.maps = found.maps;
    this.secrets = found.secrets;
    this.storeRoot = found.storeRoot;
    this.#onWarning = onWarning;
  }

  readFile(path: string): string {
    return readTextFile(path);
  }

  fault(place: string, reason: string): void {
    this.#faults.push({ path: place, reason });
  }

  warn(text: string): void {
    this.#onWarning?.(text);
  }

  check(fileName: string): void {
    if (this.#faults.length > 0) {
      throw new OcicatError("invalid-config", {
        operation: "play",
        subject: fileName,
        reason: this.#faults.map(({ path, reason }) => `${path}: ${reason}`).join("; "),
        faults: this.#faults,
      });
    }
  }
}

async function contextOf(
  objects: readonly KubeObject[],
  options: PlayKubeOptions,
): Promise<PlayContext> {
  const { storeRoot } = await readSurroundings(options);
  const maps = new Map<string, ReadonlyMap<string, Uint8Array>>();
  const secrets = new Map(await storedKubeSecrets(options));
  for (const object of objects) {
    if (object.kind === "ConfigMap") {
      maps.set(object.name, object.data);
    } else if (object.kind === "Secret") {
      const keys = [...object.data.keys()].map((key) => [key, `${object.name}.${key}`] as const);
      secrets.set(object.name, new Map(keys));
    }
  }
  return new PlayContext({ maps, secrets, storeRoot }, options.onWarning);
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
  const own = compiled.volumes.filter(({ isOwn }) => isOwn).map((volume) => volume.name);
  const place = placeOf(options);
  if (options.replace) {
    await removePlayed(name, own, place);
  }
  compiled.hostPaths.forEach(prepareHostPath);
  const id = await createPod({ ...compiled.pod, ...place });
  try {
    return { id, containers: await fillPod(compiled, { ...options, ...place }) };
  } catch (error) {
    await removePlayed(name, own, place).catch((failure: unknown) => {
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
  const create = (container: RunContainerOptions): Promise<string> =>
    createOnly(withPlace(container, options));
  const first: string[] = [];
  for (const container of initContainers) {
    first.push(await create(container));
  }
  const ids: string[] = [];
  for (const container of containers) {
    ids.push(await create(container));
  }
  if (options.start) {
    for (const id of first) {
      await runToEnd(id, options);
    }
    await startPod(pod.name, options);
  }
  return options.start ? ids : [...first, ...ids];
}

function withPlace(
  container: RunContainerOptions,
  { storeRoot, stateRoot, onWarning, progress }: PlayKubeOptions,
): RunContainerOptions {
  return {
    ...container,
    ...(storeRoot === undefined ? {} : { storeRoot }),
    ...(stateRoot === undefined ? {} : { stateRoot }),
    ...(onWarning === undefined ? {} : { onWarning }),
    ...(progress === undefined ? {} : { progress }),
  };
}

/** One that has done its work is not needed any more. */
async function runToEnd(id: string, options: PlayKubeOptions): Promise<void> {
  await startByName(id, options);
  const code = await waitForContainer(id, options);
  if (code !== 0) {
    throw new OcicatError("unavailable", {
      operation: "run",
      subject: `the init container ${quote(id.slice(0, 12))}`,
      reason: `it ended with ${code}`,
      hint: "`ocicat kube play --start=false` makes the pod without running anything, to look into it",
    });
  }
  await removeContainer(id, options);
}
