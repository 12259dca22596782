// Applies the archives of layers, lowest first, to one tree in memory. What comes out is what unpacking
// them one on top of the other would leave (src/image/unpack), as a contract test holds.

import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { pathComponents } from "../../oci/path-components.ts";
import { quoteByteString } from "../../sys/byte-path.ts";
import type { StoredData, TarEntry, TarHandler } from "../tar/entry.ts";
import { refusedEntry } from "../unpack/entry-error.ts";
import type { TreeLimits } from "../unpack/limits.ts";
import { Notes } from "../unpack/notes.ts";
import { WHITEOUT_PREFIX, type WhiteoutMark, whiteoutMark } from "../unpack/whiteout-mark.ts";
import {
  type Attributes,
  type DirectoryNode,
  type LinkableNode,
  pathOf,
  type TreeNode,
  UNNUMBERED,
} from "./tree-node.ts";
import { type TreePlace, TreePlacement } from "./tree-placement.ts";
import { encodeXattrs } from "./xattrs.ts";

const TYPES = {
  file: S_IFREG,
  "hard-link": S_IFREG,
  symlink: S_IFLNK,
  "character-device": S_IFCHR,
  "block-device": S_IFBLK,
  directory: S_IFDIR,
  fifo: S_IFIFO,
} as const;

const LINK_MODE = 0o777; // of every symbolic link
const LONGEST_LINK = 4095; // PATH_MAX, less the NUL
const HIGHEST_MAJOR = 0xfff;
const HIGHEST_MINOR = 0xf_ffff;

export class ImageTree implements TarHandler {
  readonly #placement: TreePlacement;
  #notes = new Notes();
  /** Entries that follow each other often have the same, which is kept once. */
  #lastAttributes: Attributes;

  constructor(limits: TreeLimits) {
    this.#placement = new TreePlacement(limits);
    this.#lastAttributes = this.#placement.root.attributes;
  }

  get root(): DirectoryNode {
    return this.#placement.root;
  }

  /** What could not be kept of the layer that is being applied. */
  get notes(): string[] {
    return this.#notes.sentences();
  }

  /** What comes now is of the layer above. */
  nextLayer(): void {
    this.#placement.nextLayer();
    this.#notes = new Notes();
  }

  begin(entry: TarEntry, stored: StoredData): void {
    const path = cleanPath(entry.path);
    const mark = path.includes(WHITEOUT_PREFIX) ? whiteoutMark(path.split("/"), entry) : undefined;
    if (mark !== undefined) {
      this.#whiteout(path, mark);
      return;
    }
    const place = this.#placement.locate(path, "make");
    if (place === undefined || (place.name === "" && entry.kind !== "directory")) {
      throw refusedEntry(entry, "only a directory can be the root of an image");
    }
    this.#add(place, entry, stored);
  }

  end(): void {
    // Content stays where it is.
  }

  #add(place: TreePlace, entry: TarEntry, stored: StoredData): void {
    switch (entry.kind) {
      case "directory":
        this.#directory(place, entry);
        break;
      case "hard-link":
        this.#hardLink(place, entry.linkTarget);
        break;
      case "file":
        this.#placement.put(place, {
          kind: "file",
          layer: this.#placement.layer,
          attributes: this.#attributes(entry),
          size: entry.size,
          offset: stored.offset,
          segments: stored.segments,
          number: UNNUMBERED,
        });
        break;
      case "symlink":
        this.#symlink(place, entry);
        break;
      case "fifo":
        this.#special(place, entry, 0);
        break;
      case "character-device":
      case "block-device":
        this.#device(place, entry);
        break;
    }
  }

  #directory(place: TreePlace, entry: TarEntry): void {
    const { directory, name } = place;
    const existing = name === "" ? directory : directory.children.get(name);
    const attributes = this.#attributes(entry);
    if (existing?.kind === "directory") {
      this.#placement.adopt(existing, name);
      existing.attributes = attributes;
    } else {
      this.#placement.makeDirectory(place, attributes);
    }
  }

  #symlink(place: TreePlace, entry: TarEntry): void {
    if (entry.linkTarget.length > LONGEST_LINK) {
      throw refusedEntry(entry, `its target has more than ${LONGEST_LINK} bytes`);
    }
    this.#placement.charge(entry.linkTarget.length);
    this.#placement.put(place, {
      kind: "symlink",
      layer: this.#placement.layer,
      attributes: this.#attributes(entry),
      target: entry.linkTarget,
      number: UNNUMBERED,
    });
  }

  #device(place: TreePlace, entry: TarEntry): void {
    const { major, minor } = entry.device;
    if (entry.kind === "character-device" && major === 0 && minor === 0) {
      if (this.#placement.own(place) !== undefined) {
        this.#placement.remove(place);
      }
      this.#notes.add("character device 0/0 left out, overlayfs would take it for a whiteout");
      return;
    }
    if (major < 0 || major > HIGHEST_MAJOR || minor < 0 || minor > HIGHEST_MINOR) {
      throw refused("make the device", place, `${major}:${minor} is not a device number`);
    }
    this.#special(place, entry, (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12));
  }

  #special(place: TreePlace, entry: TarEntry, device: number): void {
    this.#placement.put(place, {
      kind: "special",
      layer: this.#placement.layer,
      attributes: this.#attributes(entry),
      device,
      number: UNNUMBERED,
    });
  }

  #hardLink(place: TreePlace, target: string): void {
    const source = this.#placement.locate(cleanPath(target), "leave");
    const isItself = source?.directory === place.directory && source.name === place.name;
    if (isItself && source.name !== "") {
      return;
    }
    const node = source?.directory.children.get(source.name);
    if (source === undefined || node === undefined || isInside(source.directory, place)) {
      throw refused("make the hard link", place, `${quoteByteString(target)} does not exist`);
    }
    if (node.kind === "directory") {
      throw refused("make the hard link", place, `${quoteByteString(target)} is a directory`);
    }
    this.#placement.put(place, this.#ownName(source, node));
  }

  /** A link to an entry of the layers below: this layer has that entry, too, from then on. */
  #ownName(source: TreePlace, node: Exclude<TreeNode, DirectoryNode>): TreeNode {
    const { layer } = this.#placement;
    if (node.layer === layer) {
      return node;
    }
    const target: LinkableNode = node.kind === "hard-link" ? node.target : node;
    const name: TreeNode = { kind: "hard-link", layer, target };
    this.#placement.put(source, name);
    return name;
  }

  #whiteout(path: string, mark: WhiteoutMark): void {
    const place = mark === "bookkeeping" ? undefined : this.#placement.locate(path, "leave");
    if (place === undefined || mark === "bookkeeping") {
      return;
    }
    if (mark === "opaque") {
      this.#placement.hideInside(place.directory);
    } else {
      this.#placement.hide({ directory: place.directory, name: mark.hides });
    }
  }

  #attributes(entry: TarEntry): Attributes {
    const { xattrs, mode } = encodeXattrs(entry, this.#notes);
    const attributes = {
      mode: TYPES[entry.kind] | (entry.kind === "symlink" ? LINK_MODE : mode),
      uid: entry.uid,
      gid: entry.gid,
      seconds: entry.modified.seconds,
      nanoseconds: entry.modified.nanoseconds,
      xattrs,
    };
    this.#placement.charge(xattrs?.length ?? 0);
    if (!areSame(attributes, this.#lastAttributes)) {
      this.#lastAttributes = attributes;
    }
    return this.#lastAttributes;
  }
}

function areSame(one: Attributes, other: Attributes): boolean {
  return (
    one.seconds === other.seconds &&
    one.mode === other.mode &&
    one.nanoseconds === other.nanoseconds &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    one.xattrs === other.xattrs
  );
}

/** What pathComponents would make of it. Most paths are like that already. */
function cleanPath(path: string): string {
  const start = path.startsWith("./") ? 2 : 0;
  const end = path.endsWith("/") ? path.length - 1 : path.length;
  const inner = path.slice(start, Math.max(start, end));
  return UNCLEAN.test(inner) ? pathComponents(path).join("/") : inner;
}

/** An empty component, "." or "..". */
const UNCLEAN = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** `directory` goes away when something else takes this place. */
function isInside(directory: DirectoryNode, { directory: parent, name }: TreePlace): boolean {
  const top = parent.children.get(name);
  for (let node: DirectoryNode | undefined = directory; node !== undefined; node = node.parent) {
    if (node === top) {
      return true;
    }
  }
  return false;
}

function refused(operation: string, { directory, name }: TreePlace, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation,
    subject: quoteByteString(pathOf(directory, name)),
    reason,
  });
}
