// commit: an image of a container as it is now.

import { OcicatError } from "../../error/ocicat-error.ts";
import { applyChanges } from "../../image/formats/changes.ts";
import { type CommitRequest, commitFolder } from "../../image/formats/commit-folder.ts";
import type { LoadedImage } from "../../image/formats/load-archive.ts";
import {
  manifestFor,
  readStoredImage,
  type StoredManifest,
} from "../../image/formats/stored-image.ts";
import { type WrittenLayer, writeLayer } from "../../image/formats/write-layer.ts";
import type { ImageConfig } from "../../oci/image-spec.ts";
import { pauseContainer } from "../../runtime/pause.ts";
import { resumeContainer } from "../../runtime/resume.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { healthcheckDocument } from "../health/health-check.ts";
import { type ImageSession, openImages, wantedPlatform } from "../images/image-session.ts";
import { descriptorOf, newName } from "../images/tag-image.ts";
import { bringInRequest, type WorkOptions } from "../images/transfer-options.ts";
import { mountPoints, openLayers, requireUpper } from "./container-layers.ts";
import { ownersInside } from "./container-owners.ts";
import type { ContainerRecord } from "./container-record.ts";
import { mergedVariables } from "./merged-variables.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

export interface CommitContainerOptions extends WorkOptions {
  readonly stateRoot?: string | undefined;
  /** None: the image has its ID alone. */
  readonly name?: string | undefined;
  /** Instructions of a Dockerfile: 'CMD ["sh"]', "ENV A=1". */
  readonly changes: readonly string[];
  readonly message?: string | undefined;
  readonly author?: string | undefined;
  /** Whether the container is to stand still meanwhile, so that its files go together. */
  readonly pause: "always" | "if-possible" | "never";
  /** One layer with all files of the image and the container; false when absent. */
  readonly squash?: boolean;
  /** Containers of the image have volumes in the places where this one has any; false when absent. */
  readonly includeVolumes?: boolean;
}

/** Throws "unsupported" for a container that is not made from an image. */
export async function commitContainer(
  word: string,
  options: CommitContainerOptions,
): Promise<LoadedImage> {
  using container = await openContainer(word, options);
  const { record } = container;
  using layers = await openLayers(container);
  const upper = requireUpper(container, layers, "commit");
  using session = await openImages(options);
  const { name, message, author, changes, squash = false, includeVolumes = false } = options;
  const request = {
    base: baseOf(session, record),
    writeLayer: layerWriter(container, { upper, lower: layers.lower, isOnlyOne: squash }),
    changeConfig: (config: ImageConfig) =>
      applyChanges(containerConfig(config, record, includeVolumes), changes),
    history: {
      created: new Date().toISOString(),
      created_by: record.command.join(" "),
      ...(message === undefined ? {} : { comment: message }),
      ...(author === undefined ? {} : { author }),
    },
    author,
    isOnlyLayer: squash,
    names: name === undefined ? [] : [newName(name, session.defaultDomain)],
  };
  // Wrong changes are refused before the container stands still.
  request.changeConfig({});
  using _still = standStill(container, options);
  const image = await commitFolder(session.store, request, bringInRequest(session, options));
  const { imageId, descriptor, names } = image;
  const about = { imageID: imageId ?? descriptor.digest, imageRef: names[0] ?? "" };
  recordContainerEvent(container, "commit", about);
  return image;
}

function layerWriter(
  container: StoredContainer,
  { upper, lower, isOnlyOne }: Pick<WrittenLayer, "upper" | "lower" | "isOnlyOne">,
): CommitRequest["writeLayer"] {
  const made = mountPoints(container);
  const { fileMaps, lentMaps: counted } = container;
  return async (sink, onNote) => {
    if (fileMaps === undefined || counted === undefined) {
      const isLeftOut = (path: string): boolean => made.has(path);
      const layer = { upper, lower, isOnlyOne, isLeftOut, mapOwner: ownersInside(fileMaps) };
      await writeLayer(layer, { sink, onNote });
      return;
    }
    const { countedMaps, streamAsOwner } = await import("../users/as-owner-command.ts");
    const maps = countedMaps(fileMaps, counted);
    const leftOut = [...made];
    const task = { kind: "commit", upper, lower, isOnlyOne, leftOut, maps } as const;
    (await streamAsOwner({ task, counted, onOutput: sink })).forEach(onNote);
  };
}

/** By the digest that the container was made from. */
function baseOf(session: ImageSession, { image, options }: ContainerRecord): StoredManifest {
  const digest = image?.digest ?? "";
  const stored = readStoredImage(session.store, descriptorOf(session, digest));
  return (
    stored.manifests.find(({ descriptor }) => descriptor.digest === digest) ??
    manifestFor(stored, wantedPlatform(options.platform))
  );
}

/** Undefined: it does not run, is paused already, or need not stand still. */
function standStill(
  container: StoredContainer,
  { pause, onWarning }: CommitContainerOptions,
): Disposable | undefined {
  if (pause === "never" || container.status().kind !== "running") {
    return undefined;
  }
  const { address } = container;
  try {
    pauseContainer(address);
  } catch (error) {
    if (hasChanged(error)) {
      return undefined;
    }
    // Without a cgroup nothing can.
    if (pause === "always" || !(error instanceof OcicatError && error.code === "unsupported")) {
      throw error;
    }
    onWarning?.("the container goes on meanwhile: it has no cgroup to be paused by");
    return undefined;
  }
  return { [Symbol.dispose]: () => resumeIfPaused(address) };
}

function resumeIfPaused(address: StoredContainer["address"]): void {
  try {
    resumeContainer(address);
  } catch (error) {
    if (!hasChanged(error)) {
      throw error;
    }
  }
}

/** It has ended, or somebody else has paused it or let it go on. */
function hasChanged(error: unknown): boolean {
  return (
    error instanceof OcicatError && (error.code === "not-found" || error.code === "wrong-state")
  );
}

function imageHealthcheck(options: ContainerRecord["options"]): Pick<ImageConfig, "Healthcheck"> {
  const Healthcheck = healthcheckDocument(options);
  return Healthcheck === undefined ? {} : { Healthcheck };
}

/** As docker and podman have it, those without a name in any case. */
function imageVolumes(
  config: ImageConfig,
  { mounts, volumes = [] }: ContainerRecord["options"],
  includesAll: boolean,
): Pick<ImageConfig, "Volumes"> {
  const taken = [
    ...volumes.filter(({ anonymous }) => includesAll || anonymous === true),
    ...(includesAll ? mounts : []),
  ];
  const places = taken.map(({ destination }) => [destination, {}] as const);
  return places.length === 0
    ? {}
    : { Volumes: { ...config.Volumes, ...Object.fromEntries(places) } };
}

/** The image's configuration, with what the container was told in its place. */
function containerConfig(
  config: ImageConfig,
  { options }: Pick<ContainerRecord, "options">,
  includesVolumes: boolean,
): ImageConfig {
  const { entrypoint, command, env, workdir, user, labels = {}, stopSignal, health } = options;
  const isChanged = entrypoint !== undefined || command.length > 0;
  return {
    ...config,
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(isChanged ? { Cmd: command } : {}),
    ...(env.length === 0 ? {} : { Env: mergedVariables(config.Env ?? [], env) }),
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
    ...(user === undefined ? {} : { User: user }),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(health === undefined ? {} : imageHealthcheck(options)),
    ...imageVolumes(config, options, includesVolumes),
    ...(Object.keys(labels).length === 0 ? {} : { Labels: { ...config.Labels, ...labels } }),
  };
}
