// One side of cp: files of the host, or of a container, that are read from or written to. What it needs to know of
// them is plain data, so that another process can be told.

import { O_PATH, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { CopiedTree } from "../../image/copy/copied-items.ts";
import { type CopyTarget, findSource } from "../../image/copy/copy-target.ts";
import { type MapEntry, MappedWriter } from "../../image/copy/mapped-writer.ts";
import { TreeWriter } from "../../image/copy/tree-writer.ts";
import { type MergedEntry, MergedView } from "../../image/merged-view.ts";
import type { TarHandler } from "../../image/tar/entry.ts";
import { InsideOwners } from "../../image/unpack/inside-owners.ts";
import { pathComponents } from "../../oci/path-components.ts";
import { toByteString, tryOpenByteAt2 } from "../../sys/byte-path.ts";
import { call, checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { makeDetachedOverlay } from "../../sys/overlay-mount.ts";
import type { IdMaps } from "../run-spec.ts";
import { type FilesRoot, IN_CONTAINER } from "./container-files.ts";
import { ownersInside, ownersOutside } from "./container-owners.ts";
import { pathOfFd } from "./container-root.ts";

export interface CopyFiles {
  readonly root: FilesRoot;
  /** From the root. */
  readonly path: string;
  /** As the user wrote it, where the root is not the container's. */
  readonly givenPath?: string;
  /** What the root is called when it is copied itself; absent: its content is copied. */
  readonly rootName?: string;
  readonly isContainer: boolean;
  /** Paths relative to the root that are there only while the container runs, and now are not. */
  readonly absentMounts: readonly string[];
  readonly readOnly: boolean;
  /** From ids inside to those that the files have; absent: they are the same. */
  readonly owners?: IdMaps;
  /** What is written has to be given to other ids than those inside. */
  readonly writing?: {
    readonly maps: IdMaps;
    /** Who is not among them is root; else it is refused. */
    readonly isRootElse: boolean;
  };
  /** False: this process can't give files away. */
  readonly canChown: boolean;
}

interface FinishedWriter {
  /** Returns what could not be kept. */
  finish(): readonly string[];
}

export interface WritingRules {
  readonly keepsOwners: boolean;
  /** Directories give way to other things, and these to directories. */
  readonly overwrites: boolean;
  /** No file or link takes the place of a device. */
  readonly keepsDevices: boolean;
}

export class CopySide implements Disposable {
  readonly view: MergedView;
  /** A byte string. */
  readonly path: string;
  readonly #files: CopyFiles;
  readonly #stack: DisposableStack;
  readonly #rootFd: number;
  readonly #resolve: number;

  constructor(files: CopyFiles) {
    using stack = new DisposableStack();
    this.#rootFd = openRoot(files.root, stack);
    this.view = stack.use(new MergedView([pathOfFd(this.#rootFd)]));
    this.path = toByteString(files.path);
    this.#files = files;
    this.#resolve = files.isContainer ? IN_CONTAINER : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    this.#stack = stack.move();
  }

  /** Whose what is read is, in an archive. */
  get mapOwner(): Required<CopiedTree>["mapOwner"] {
    return ownersInside(this.#files.owners);
  }

  get rootName(): string | undefined {
    return this.#files.rootName;
  }

  find(followLink: boolean): MergedEntry {
    this.requirePresent(this.path);
    const entry = this.named(() => findSource(this.view, this.path, followLink));
    this.requirePresent(entry.path);
    return entry;
  }

  /** Of a mount, only the place is there while a container does not run. */
  requirePresent(given: string): void {
    const path = pathComponents(given).join("/");
    const mount = this.#files.absentMounts.find(
      (each) => path === each || path.startsWith(`${each}/`),
    );
    if (mount !== undefined) {
      throw new OcicatError("unavailable", {
        operation: "copy",
        subject: quote(`/${path}`),
        reason: `what is mounted on "/${mount}" is there only while the container runs`,
      });
    }
  }

  /** Until the side is disposed of. */
  writer(
    { folder, name }: CopyTarget,
    { keepsOwners, ...rules }: WritingRules,
  ): TarHandler & FinishedWriter {
    this.requirePresent(name === "" ? folder : `${folder}/${name}`);
    const { readOnly, writing, canChown, isContainer } = this.#files;
    if (readOnly) {
      throw this.#readOnly();
    }
    const root = writing === undefined ? this.#owner : ownersOutside(writing.maps)(this.#owner);
    const owner = keepsOwners ? undefined : root;
    const options = { owner, canChown, closesDevices: !isContainer, ...rules };
    const writer = this.#stack.use(new TreeWriter(this.#place(folder), options));
    return writing === undefined
      ? writer
      : new MappedWriter(writer, root, keepsOwners ? mapEntries(writing) : (entry) => entry);
  }

  /** What goes wrong with the path is told of the one that the user knows. */
  named<Found>(look: () => Found): Found {
    try {
      return look();
    } catch (error) {
      const { givenPath } = this.#files;
      if (!(error instanceof OcicatError) || givenPath === undefined) {
        throw error;
      }
      throw new OcicatError(error.code, {
        operation: error.operation,
        subject: quote(givenPath),
        reason: error.reason,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
    }
  }

  /** A file system that can only be read is not the store's, for once. */
  explained(error: unknown): unknown {
    return error instanceof OcicatError && error.errno === Errno.EROFS ? this.#readOnly() : error;
  }

  #readOnly(): OcicatError {
    return new OcicatError("permission-denied", {
      operation: "copy to",
      subject: quote(this.#files.givenPath ?? this.#files.path),
      reason: "what is there can only be read",
    });
  }

  get #owner(): { readonly uid: number; readonly gid: number } {
    return this.#files.isContainer
      ? { uid: 0, gid: 0 }
      : { uid: call("geteuid"), gid: call("getegid") };
  }

  /** On the host the folder that was meant is the bound: nothing in it may lead elsewhere. */
  #place(folder: string) {
    if (this.#resolve === IN_CONTAINER) {
      return { fd: this.#rootFd, folder, resolve: IN_CONTAINER };
    }
    const flags = O_PATH | hostArchitecture.openFlags.O_DIRECTORY;
    const how = { flags, resolve: RESOLVE_NO_SYMLINKS };
    const opened = tryOpenByteAt2(this.#rootFd, folder === "" ? "." : folder, how);
    const fd = this.#stack.use(new OwnedFd(checked(opened, "open", quote(`/${folder}`)))).number;
    return { fd, folder: "", resolve: this.#resolve };
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** The stack closes it. */
function openRoot(root: FilesRoot, stack: DisposableStack): number {
  switch (root.kind) {
    case "descriptor":
      return root.fd;
    case "path": {
      const flags = O_PATH | hostArchitecture.openFlags.O_DIRECTORY;
      return stack.use(new OwnedFd(open(root.path, flags))).number;
    }
    case "overlay":
      return stack.use(makeDetachedOverlay(root)).number;
  }
}

function mapEntries({ maps, isRootElse }: Required<CopyFiles>["writing"]): MapEntry {
  if (isRootElse) {
    const owners = new InsideOwners(maps);
    return (entry, notes) => owners.apply(entry, notes);
  }
  const outside = ownersOutside(maps);
  return (entry) => ({ ...entry, ...outside({ uid: entry.uid, gid: entry.gid }) });
}
