// What a container of `ocicat run` is made from: an image's layers below a writable one, a folder, or the
// built-in hello.

import { AT_FDCWD, AT_SYMLINK_NOFOLLOW } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ImageConfig } from "../oci/image-spec.ts";
import type { OverlayRoot } from "../plan/overlay.ts";
import type { RootFilesystem } from "../plan/request.ts";
import { noteContainerImage } from "../store/container-images.ts";
import { call, checked } from "../sys/call.ts";
import { OwnedFd, stat } from "../sys/file.ts";
import { takesLayersOneByOne } from "../sys/kernel-version.ts";
import { cstring } from "../sys/memory.ts";
import { fromWorkingDirectory } from "../sys/working-directory.ts";
import type { ContainerFolder } from "./containers/container-folder.ts";
import { fillHelloRoot, HELLO_ARGS, helloProgramFd } from "./hello.ts";
import { fileIdMaps, mountIdMaps } from "./id-maps.ts";
import { fillPauseRoot, PAUSE_ARGS, pauseProgramFd } from "./pods/pause-process.ts";
import type { RunImage } from "./run-image.ts";
import type { RunContainerOptions, RunSource } from "./run-options.ts";
import { checkZone } from "./time-zone.ts";

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
export function checkRequest(options: RunContainerOptions): void {
  const { source, command, mounts, idFile, timeZone, keepsGroups } = options;
  if (timeZone !== undefined) {
    checkZone(timeZone);
  }
  if (keepsGroups === true && call("geteuid") === 0) {
    throw new OcicatError("unsupported", {
      operation: "keep",
      subject: "the groups of the user who starts the container",
      reason: "that is root, whose groups are the host's",
      hint: "name the groups that the container needs, by their numbers",
    });
  }
  if (idFile !== undefined && stat(idFile) !== undefined) {
    throw new OcicatError("already-exists", {
      operation: "make",
      subject: quote(idFile),
      reason: "there is a file of this name",
      hint: "it may be of another container",
    });
  }
  if (source.kind === "hello" && command.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "run",
      subject: "hello",
      reason: "it takes no command",
    });
  }
  if (source.kind === "rootfs" && stat(fromWorkingDirectory(source.path)) === undefined) {
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
  options: RunContainerOptions,
  folder: ContainerFolder,
  { image, isRootless }: { readonly image: RunImage | undefined; readonly isRootless: boolean },
): RunSourceFiles {
  const { source, onWarning } = options;
  const mapping = {
    ...(mountIdMaps(options) === undefined ? {} : { idMapped: true }),
    ...(fileIdMaps(options) === undefined ? {} : { areCallers: true }),
  };
  if (image !== undefined) {
    if (isRootless && !folder.keepsUserAttributes()) {
      onWarning?.(NO_USER_ATTRIBUTES);
    }
    for (const note of image.notes) {
      onWarning?.(note);
    }
    return imageSource(image, folder, {
      userXattr: isRootless,
      ...mapping,
      isBrief: options.remove,
    });
  }
  if (source.kind === "rootfs") {
    const path = fromWorkingDirectory(source.path);
    return { rootFilesystem: { kind: "path", path, ...mapping }, config: {}, files: [path] };
  }
  const path = `${folder.path}/root`;
  if (source.kind === "pause") {
    fillPauseRoot(path);
  } else {
    fillHelloRoot(path);
  }
  if (fileIdMaps(options) !== undefined) {
    // Its root makes the places of mounts in it; in the store nobody else reaches it.
    const result = call("fchmodat", AT_FDCWD, cstring(path), 0o777);
    checked(result, "set the mode of", quote(path));
  }
  const rootFilesystem = { kind: "path", path, ...mapping } as const;
  const config = { Cmd: builtInArguments(source) ?? [] };
  return { rootFilesystem, config, files: [path] };
}

/** Undefined: what it is made from is not built in. */
export function builtInArguments({ kind }: RunSource): readonly string[] | undefined {
  switch (kind) {
    case "hello":
      return HELLO_ARGS;
    case "pause":
      return PAUSE_ARGS;
    default:
      return undefined;
  }
}

/** The program that a built-in process gets as descriptor 3. */
export function builtInProgram({ kind }: RunSource): OwnedFd | undefined {
  switch (kind) {
    case "hello":
      return new OwnedFd(helloProgramFd());
    case "pause":
      return new OwnedFd(pauseProgramFd());
    default:
      return undefined;
  }
}

function imageSource(
  image: RunImage,
  folder: ContainerFolder,
  kind: Pick<OverlayRoot, "userXattr" | "idMapped" | "isBrief" | "areCallers">,
): RunSourceFiles {
  const lower = image.root.lower;
  if (kind.isBrief === true) {
    folder.forgetBriefMount();
  }
  const rootFilesystem: RootFilesystem = {
    kind: "overlay",
    // Overlayfs wants one: an image may have no layers at all.
    lower: lower.length === 0 ? [folder.makeEmptyLower()] : lower,
    upper: `${folder.path}/upper`,
    work: `${folder.path}/work`,
    ...kind,
    ...(takesLayersOneByOne() ? {} : { takesAllAtOnce: true }),
    mountPoint: `${folder.path}/root`,
  };
  return { rootFilesystem, config: image.config, files: lower };
}

/** The container uses its image from now on: nothing else has to keep it from being collected. */
export function settleImage(image: RunImage | undefined, folder: ContainerFolder): void {
  if (image !== undefined) {
    noteContainerImage(folder.fd, image.digest);
    image.settle();
    likenRoot(image.root.lower[0], `${folder.path}/upper`);
  }
}

/** Overlayfs shows the root as the writable layer has it: at first that is to be as the image has it. */
function likenRoot(imageRoot: string | undefined, upper: string): void {
  const status = imageRoot === undefined ? undefined : stat(imageRoot);
  if (status === undefined) {
    return;
  }
  const { uid, gid, mode } = status;
  if (call("geteuid") === 0) {
    const result = call("fchownat", AT_FDCWD, cstring(upper), uid, gid, AT_SYMLINK_NOFOLLOW);
    checked(result, "set the owner of", quote(upper));
  }
  const result = call("fchmodat", AT_FDCWD, cstring(upper), mode & 0o7777);
  checked(result, "set the mode of", quote(upper));
}
