// The files of a container as they lie on the disk, whether it runs or not: its writable layer on those of
// its image, or the folder that it was made from.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defaultSpec } from "../../oci/default-spec.ts";
import { mountPlaces } from "../mount-places.ts";
import { imageOf } from "../run-image.ts";
import type { StoredContainer } from "./stored-container.ts";

export interface ContainerLayers extends Disposable {
  /** Undefined: it writes into the folder that it was made from. */
  readonly upper: string | undefined;
  /** The image's, topmost first; or that folder. */
  readonly lower: readonly string[];
}

export async function openLayers(container: StoredContainer): Promise<ContainerLayers> {
  const { record, folder, surroundings } = container;
  const { source } = record.options;
  if (source.kind !== "image" || record.image === undefined) {
    const path = source.kind === "rootfs" ? source.path : `${folder.path}/root`;
    return { upper: undefined, lower: [path], [Symbol.dispose]: () => undefined };
  }
  const options = {
    ...record.options,
    // By its digest: its name may mean another one by now.
    source: { kind: "image", reference: record.image.digest },
    pullPolicy: "never",
  } as const;
  using stack = new DisposableStack();
  const opened = { image: stack.use(await imageOf(options, surroundings)) };
  const held = stack.move();
  return {
    upper: `${folder.path}/upper`,
    lower: opened.image?.root.lower ?? [],
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** Throws "unsupported" for a container that has no layer of its own. `operation`: what is not possible. */
export function requireUpper(
  { record }: StoredContainer,
  { upper }: ContainerLayers,
  operation: string,
): string {
  if (upper === undefined) {
    throw new OcicatError("unsupported", {
      operation,
      subject: `container ${quote(record.name)}`,
      reason: "it is not made from an image: what it writes is in its folder",
    });
  }
  return upper;
}

/** Made for what is mounted in it. */
const SECRETS_FOLDER = "/run/secrets";
const NAME_FILES = ["/etc/resolv.conf", "/etc/hosts", "/etc/hostname"];

/** Paths relative to the root where the runtime mounts something: what stands there is no change. */
export function mountPoints({ record: { options } }: StoredContainer): ReadonlySet<string> {
  const base = defaultSpec({ cgroupNamespace: true }).mounts ?? [];
  const paths = [
    ...base.map(({ destination }) => destination),
    ...mountPlaces(options),
    ...(options.secrets === undefined ? [] : [SECRETS_FOLDER]),
    ...NAME_FILES,
  ];
  return new Set(paths.map((path) => path.replace(/^\/+|\/+$/g, "")));
}
