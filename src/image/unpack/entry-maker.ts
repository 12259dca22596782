// Makes the entries that are no directories. Whatever this layer had at the place goes away first, as it
// would with any unpacker: of two entries with one path the later one counts.

import {
  O_CREAT,
  O_EXCL,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { pathComponents } from "../../oci/path-components.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { bytePath, checkedPath, quoteByteString, tryOpenByteAt } from "../../sys/byte-path.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd } from "../../sys/file.ts";
import type { MergedEntry } from "../merged-view.ts";
import type { TarEntry } from "../tar/entry.ts";
import { lowerMetadata } from "./lower-metadata.ts";
import type { Metadata, MetadataWriter } from "./metadata.ts";
import type { Notes } from "./notes.ts";
import { childPath, type Place, type Placement } from "./placement.ts";

const HIGHEST_MAJOR = 0xfff;
const HIGHEST_MINOR = 0xf_ffff;
const COPY_BYTES = 1024 * 1024 * 1024;

export interface MakerParts {
  readonly placement: Placement;
  readonly metadata: MetadataWriter;
  readonly notes: Notes;
  /** On the same file system, for what removeTree moves aside. */
  readonly asideFd: number;
}

export class EntryMaker {
  readonly #placement: Placement;
  readonly #metadata: MetadataWriter;
  readonly #notes: Notes;
  readonly #asideFd: number;

  constructor({ placement, metadata, notes, asideFd }: MakerParts) {
    this.#placement = placement;
    this.#metadata = metadata;
    this.#notes = notes;
    this.#asideFd = asideFd;
  }

  /** An empty file, open for writing, made with MetadataWriter.firstMode. Its metadata comes after its content. */
  openFile(place: Place, metadata: Metadata): OwnedFd {
    const mode = this.#metadata.firstMode(metadata);
    const { O_NOFOLLOW } = hostArchitecture.openFlags;
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    return new OwnedFd(
      this.#make("make the file", place, (fd) => tryOpenByteAt(fd, place.name, flags, mode)),
    );
  }

  symlink(place: Place, target: string, metadata: Metadata): void {
    const { name } = place;
    this.#make("make the symbolic link", place, (fd) =>
      call("symlinkat", bytePath(target), fd, bytePath(name)),
    );
    this.#metadata.applyToLink(this.#fdOf(place), name, metadata);
  }

  fifo(place: Place, metadata: Metadata): void {
    const { name } = place;
    this.#make("make the fifo", place, (fd) => call("mknodat", fd, bytePath(name), S_IFIFO, 0));
    this.#metadata.applyToNode(this.#fdOf(place), name, metadata);
  }

  device(place: Place, entry: TarEntry): void {
    const { major, minor } = entry.device;
    const type = entry.kind === "block-device" ? S_IFBLK : S_IFCHR;
    if (type === S_IFCHR && major === 0 && minor === 0) {
      this.clear(place);
      this.#notes.add("character device 0/0 left out, overlayfs would take it for a whiteout");
      return;
    }
    this.#deviceNode(place, { type, major, minor }, entry);
  }

  #deviceNode(
    place: Place,
    { type, major, minor }: { type: number; major: number; minor: number },
    metadata: Metadata,
  ): void {
    if (major < 0 || major > HIGHEST_MAJOR || minor < 0 || minor > HIGHEST_MINOR) {
      throw refused("make the device", place, `${major}:${minor} is not a device number`);
    }
    const { name } = place;
    const device = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
    // Permissions wait: until its owner is set, nobody else is to open it.
    const made = this.#attempt(place, (fd) => call("mknodat", fd, bytePath(name), type, device));
    if (made === -Errno.EPERM) {
      this.#notes.add("device node left out, an ordinary user cannot make one");
      return;
    }
    checkedPath(made, "make the device", name);
    this.#metadata.applyToNode(this.#fdOf(place), name, metadata);
  }

  hardLink(place: Place, target: string): void {
    const components = pathComponents(target);
    const source = this.#placement.locate(components, "leave");
    if (source === undefined || source.name === "") {
      throw refused("make the hard link", place, `${quoteByteString(target)} does not exist`);
    }
    if (source.directory === place.directory && source.name === place.name) {
      return;
    }
    this.#ensureOwn(source, target, place);
    this.#make("make the hard link", place, (fd) => {
      const sourceFd = this.#fdOf(source);
      return call("linkat", sourceFd, bytePath(source.name), fd, bytePath(place.name), 0);
    });
  }

  /** Removes what this layer has at the place. True if there was something other than a whiteout. */
  clear(place: Place): boolean {
    const { directory, name } = place;
    if (this.#placement.removeWhiteout(place)) {
      return false;
    }
    const existed = this.#placement.own(place) !== undefined;
    removeTree(this.#fdOf(place), name, this.#asideFd);
    const child = directory.children.get(name);
    if (child !== undefined) {
      this.#placement.tree.forget(child);
    }
    return existed;
  }

  /** A link to an entry of the layers below: the entry is copied into this layer first. */
  #ensureOwn(source: Place, target: string, link: Place): void {
    const own = this.#placement.own(source);
    if (own !== undefined) {
      if ((own.mode & S_IFMT) === S_IFDIR) {
        throw refused("make the hard link", link, `${quoteByteString(target)} is a directory`);
      }
      return;
    }
    const below = this.#placement.below(source);
    if (below === undefined) {
      throw refused("make the hard link", link, `${quoteByteString(target)} does not exist`);
    }
    this.#copyUp(source, below);
  }

  #copyUp(place: Place, below: MergedEntry): void {
    const { lower } = this.#placement;
    if (lower === undefined) {
      return;
    }
    const metadata = lowerMetadata(lower, below);
    const { major, minor } = below.status.specialDevice;
    const type = below.status.mode & S_IFMT;
    switch (type) {
      case S_IFREG: {
        using from = lower.open(below);
        using to = this.openFile(place, metadata);
        copyContent(from?.number ?? -1, to.number, place);
        this.#metadata.applyToFile(to.number, metadata, place.name);
        break;
      }
      case S_IFLNK:
        this.symlink(place, lower.readLink(below), metadata);
        break;
      case S_IFIFO:
        this.fifo(place, metadata);
        break;
      case S_IFCHR:
      case S_IFBLK:
        this.#deviceNode(place, { type, major, minor }, metadata);
        break;
      default:
        throw refused("make the hard link", place, "it is a directory in a layer below");
    }
  }

  #make(operation: string, place: Place, attempt: (directoryFd: number) => number): number {
    const result = this.#attempt(place, attempt);
    return result < 0
      ? checkedPath(result, operation, childPath(place.directory, place.name))
      : result;
  }

  #attempt(place: Place, attempt: (directoryFd: number) => number): number {
    const result = attempt(this.#fdOf(place));
    if (result !== -Errno.EEXIST) {
      return result;
    }
    this.clear(place);
    return attempt(this.#fdOf(place));
  }

  #fdOf(place: Place): number {
    return this.#placement.tree.fdOf(place.directory);
  }
}

function copyContent(fromFd: number, toFd: number, place: Place): void {
  for (;;) {
    const count = call("sendfile", toFd, fromFd, 0, COPY_BYTES);
    if (checkedPath(count, "copy from a layer below", place.name) === 0) {
      return;
    }
  }
}

function refused(operation: string, { directory, name }: Place, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation,
    subject: quoteByteString(childPath(directory, name)),
    reason,
  });
}
