// Images that a container has mounted beside the one that it is made from (--mount type=image): read-only,
// or below a writable layer that is the container's own:
//
//   STORE/containers/ID/images/0/upper, work    of the first one
//
// Their manifests are noted in the container's folder, so that they are not collected while it is there.

import { AT_FDCWD, O_PATH, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { noteMountedImages } from "../store/container-images.ts";
import { call, checked } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { makeDirectories, OwnedFd, open, readLinkAt, tryOpenAt2 } from "../sys/file.ts";
import { mountIdMaps } from "./id-maps.ts";
import { openImage, type RunImage } from "./run-image.ts";
import type { RunContainerOptions, RunImageMount } from "./run-options.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ChosenImages extends Disposable {
  /** With the digest of each image. */
  readonly options: RunContainerOptions;
  /** The container uses them from now on. */
  note(folderFd: number): void;
}

/** Fetches what is missing, by the container's pull policy. */
export async function chooseImageMounts(
  options: RunContainerOptions,
  surroundings: Surroundings,
): Promise<ChosenImages> {
  const { imageMounts = [], progress: _, ...asked } = options;
  using stack = new DisposableStack();
  const chosen: RunImageMount[] = [];
  for (const mount of imageMounts) {
    const opened = { image: stack.use(await openImage(mount.reference, asked, surroundings)) };
    checkMount(mount, opened.image, options);
    chosen.push({ ...mount, digest: opened.image.digest });
  }
  const held = stack.move();
  return {
    options: { ...options, imageMounts: chosen },
    note: (folderFd) =>
      noteMountedImages(
        folderFd,
        chosen.map(({ digest = "" }) => digest),
      ),
    [Symbol.dispose]: () => held.dispose(),
  };
}

export interface OpenImageMounts extends Disposable {
  readonly mounts: readonly Mount[];
  /** For the holder to keep: see image-mount.ts. */
  readonly lockFds: readonly number[];
  /** As ImageRoot has them. */
  readonly mountKeys: readonly string[];
}

/** Of a container that starts, until it has been started. */
export async function openImageMounts(
  options: RunContainerOptions,
  surroundings: Surroundings,
  folderPath: string,
): Promise<OpenImageMounts> {
  using stack = new DisposableStack();
  const mounts: Mount[] = [];
  const lockFds: number[] = [];
  const mountKeys: string[] = [];
  const { imageMounts = [], progress: _, ...others } = options;
  const asked = { ...others, pullPolicy: "never" } as const;
  for (const mount of imageMounts) {
    const reference = mount.digest ?? mount.reference;
    const opened = { image: stack.use(await openImage(reference, asked, surroundings)) };
    checkMount(mount, opened.image, options);
    const folder = `${folderPath}/images/${mounts.length}`;
    const place = { mount, folder, isIdMapped: mountIdMaps(options) !== undefined };
    mounts.push(imageMount(opened.image, place));
    const held = { lock: stack.use(opened.image.root.shareLock()) };
    lockFds.push(...(held.lock === undefined ? [] : [held.lock.number]));
    mountKeys.push(...keysOf(opened.image));
  }
  const held = stack.move();
  return { mounts, lockFds, mountKeys, [Symbol.dispose]: () => held.dispose() };
}

function keysOf({ root }: RunImage): readonly string[] {
  return root.mountKey === undefined ? [] : [root.mountKey];
}

/** One directory has all of its files, and nothing is written. */
function isWhole({ writable }: RunImageMount, { root }: RunImage): boolean {
  return root.lower.length === 1 && !writable;
}

function checkMount(mount: RunImageMount, image: RunImage, options: RunContainerOptions): void {
  const { reference, subpath } = mount;
  if (image.root.lower.length === 0) {
    throw refused(reference, "it has no files");
  }
  if (isWhole(mount, image)) {
    findPart(image, subpath);
    return;
  }
  if (subpath !== undefined) {
    throw refused(reference, "a part of it needs the image as one EROFS file, read-only");
  }
  if (options.users !== undefined) {
    throw refused(reference, "with ids of its own a container gets images of one layer, read-only");
  }
}

interface MountPlace {
  readonly mount: RunImageMount;
  /** For what is written. */
  readonly folder: string;
  readonly isIdMapped: boolean;
}

function imageMount(image: RunImage, { mount, folder, isIdMapped }: MountPlace): Mount {
  const { destination, writable, subpath } = mount;
  if (isWhole(mount, image)) {
    const options = ["bind", "rprivate", "ro", ...(isIdMapped ? ["idmap"] : [])];
    return { destination, type: "bind", source: findPart(image, subpath), options };
  }
  const lower = image.root.lower.map((path) => `lowerdir+=${path}`);
  const upper = writable ? writableLayer(folder) : ["ro"];
  const attributes = call("geteuid") === 0 ? [] : ["userxattr"];
  const options = [...lower, ...upper, ...attributes];
  return { destination, type: "overlay", source: "overlay", options };
}

function writableLayer(folder: string): string[] {
  makeDirectories(`${folder}/upper`);
  makeDirectories(`${folder}/work`);
  return [`upperdir=${folder}/upper`, `workdir=${folder}/work`];
}

/**
 * Links of the image lead where they lead inside of it. What they lead to has a path without links, which
 * remains true: nobody changes the files of an image.
 */
function findPart({ root }: RunImage, subpath: string | undefined): string {
  const [whole = ""] = root.lower;
  if (subpath === undefined) {
    return whole;
  }
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  using top = new OwnedFd(open(whole, O_PATH | O_DIRECTORY));
  const how = { flags: O_PATH, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
  const opened = tryOpenAt2(top.number, subpath, how);
  using part = new OwnedFd(checked(opened, "find", `${quote(subpath)} of the image`));
  return readLinkAt(AT_FDCWD, `/proc/self/fd/${part.number}`);
}

function refused(reference: string, reason: string): OcicatError {
  return new OcicatError("unsupported", {
    operation: "mount",
    subject: `the image ${quote(reference)}`,
    reason,
  });
}
