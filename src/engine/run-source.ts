// What a container of `ocicat run` is made from: an image's layers below a writable one, a folder, or the
// built-in hello.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ImageConfig } from "../oci/image-spec.ts";
import type { RootFilesystem } from "../plan/request.ts";
import { noteContainerImage } from "../store/container-images.ts";
import { stat } from "../sys/file.ts";
import type { ContainerFolder } from "./containers/container-folder.ts";
import { fillHelloRoot, HELLO_ARGS } from "./hello.ts";
import type { RunImage } from "./run-image.ts";
import type { RunContainerOptions } from "./run-options.ts";

/** Overlayfs then cannot mark a folder that replaces another: mkdir fails with EIO. */
const NO_USER_ATTRIBUTES =
  "the store's file system keeps no user.* attributes: folders of the image cannot be replaced";

/** The root file system, and what its maker says about processes. */
export interface RunSourceFiles {
  readonly rootFilesystem: RootFilesystem;
  readonly config: ImageConfig;
  /** Directories with the image's files, topmost first. */
  readonly files: readonly string[];
}

/** What can be refused before anything is made. */
export function checkRequest({ source, command, mounts }: RunContainerOptions): void {
  if (source.kind === "hello" && command.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "run",
      subject: "hello",
      reason: "it takes no command",
    });
  }
  if (source.kind === "rootfs" && stat(absolute(source.path)) === undefined) {
    throw missing("run", `the root file system ${quote(source.path)}`);
  }
  for (const { source: path } of mounts) {
    if (stat(path) === undefined) {
      throw missing("mount", quote(path));
    }
  }
}

function missing(operation: string, subject: string): OcicatError {
  const reason = "no such file or directory";
  return new OcicatError("not-found", { operation, subject, reason });
}

export function makeSource(
  { source, onWarning }: RunContainerOptions,
  folder: ContainerFolder,
  { image, isRootless }: { readonly image: RunImage | undefined; readonly isRootless: boolean },
): RunSourceFiles {
  if (image !== undefined) {
    if (isRootless && !folder.keepsUserAttributes()) {
      onWarning?.(NO_USER_ATTRIBUTES);
    }
    for (const note of image.notes) {
      onWarning?.(note);
    }
    return imageSource(image, folder, isRootless);
  }
  if (source.kind === "rootfs") {
    const path = absolute(source.path);
    return { rootFilesystem: { kind: "path", path }, config: {}, files: [path] };
  }
  const path = `${folder.path}/root`;
  fillHelloRoot(path);
  return { rootFilesystem: { kind: "path", path }, config: { Cmd: HELLO_ARGS }, files: [path] };
}

function imageSource(
  image: RunImage,
  folder: ContainerFolder,
  isRootless: boolean,
): RunSourceFiles {
  const lower = image.root.lower;
  const rootFilesystem: RootFilesystem = {
    kind: "overlay",
    // Overlayfs wants one: an image may have no layers at all.
    lower: lower.length === 0 ? [folder.makeEmptyLower()] : lower,
    upper: `${folder.path}/upper`,
    work: `${folder.path}/work`,
    userXattr: isRootless,
    mountPoint: `${folder.path}/root`,
  };
  return { rootFilesystem, config: image.config, files: lower };
}

/** The container uses its image from now on: nothing else has to keep it from being collected. */
export function settleImage(image: RunImage | undefined, folder: ContainerFolder): void {
  if (image !== undefined) {
    noteContainerImage(folder.fd, image.digest);
    image.settle();
  }
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}
