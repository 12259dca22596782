// Unpacks the entries of one layer's archive into a folder that overlayfs can take as a lower directory.
//
// What whiteouts (whiteout-mark.ts) become:
//
//   DIR/.wh.NAME         character device 0/0 at DIR/NAME
//   DIR/.wh..wh..opq     DIR gets an opaque attribute
//
// Neither is made where the layers below have nothing to hide: overlayfs shows whiteouts in directories
// that exist in one layer only.

import { Errno } from "../../error/errno.ts";
import { pathComponents } from "../../oci/path-components.ts";
import { checkedPath } from "../../sys/byte-path.ts";
import { call } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import type { OwnedFd } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { trySetXattr } from "../../sys/xattr.ts";
import { type MergedView, OPAQUE_XATTRS } from "../merged-view.ts";
import type { TarEntry, TarHandler } from "../tar/entry.ts";
import { refusedEntry } from "./entry-error.ts";
import { EntryMaker } from "./entry-maker.ts";
import { freshFileIn } from "./fresh-files.ts";
import type { InsideOwners } from "./inside-owners.ts";
import type { LayerDirectory } from "./layer-tree.ts";
import type { TreeLimits } from "./limits.ts";
import { MetadataWriter } from "./metadata.ts";
import { Notes } from "./notes.ts";
import { type Place, Placement } from "./placement.ts";
import { type WhiteoutMark, whiteoutMark } from "./whiteout-mark.ts";

export interface UnpackTarget {
  /** The empty folder that becomes the layer. */
  readonly rootFd: number;
  /** A folder outside it, on the same file system, for what is on its way out. */
  readonly asideFd: number;
  /** The layers below, if there are any. */
  readonly lower: MergedView | undefined;
  readonly ownership: "keep" | "single";
  /** Absent: as the archive says. */
  readonly owners?: InsideOwners;
}

export class LayerUnpacker implements TarHandler, Disposable {
  readonly #placement: Placement;
  readonly #metadata: MetadataWriter;
  readonly #maker: EntryMaker;
  readonly #notes = new Notes();
  readonly #owners: InsideOwners | undefined;
  /** The file whose data comes now. */
  #file: { readonly owned: OwnedFd; readonly entry: TarEntry } | undefined;

  constructor(target: UnpackTarget, limits: TreeLimits) {
    const { rootFd, asideFd, lower, ownership, owners } = target;
    this.#owners = owners;
    this.#placement = new Placement(rootFd, lower, { ...limits, root: owners?.root });
    this.#metadata = new MetadataWriter(ownership, this.#notes, freshFileIn(rootFd));
    this.#maker = new EntryMaker({
      placement: this.#placement,
      metadata: this.#metadata,
      notes: this.#notes,
      asideFd,
    });
  }

  [Symbol.dispose](): void {
    this.#file?.owned[Symbol.dispose]();
    this.#placement[Symbol.dispose]();
  }

  get notes(): string[] {
    return this.#notes.sentences();
  }

  begin(entry: TarEntry): void {
    const components = pathComponents(entry.path);
    const mark = whiteoutMark(components, entry);
    if (mark !== undefined) {
      this.#whiteout(components, mark);
      return;
    }
    const place = this.#placement.locate(components, "make");
    if (place === undefined || (place.name === "" && entry.kind !== "directory")) {
      throw refusedEntry(entry, "only a directory can be the root of an image");
    }
    this.#makeEntry(place, this.#owners?.apply(entry, this.#notes) ?? entry);
  }

  data(chunk: Uint8Array, offset: number): void {
    if (this.#file === undefined) {
      return;
    }
    const fd = this.#file.owned.number;
    for (let done = 0; done < chunk.length; ) {
      const address = addressOf(chunk) + done;
      const result = call("pwrite64", fd, address, chunk.length - done, offset + done);
      done += checkedPath(result, "write", this.#file.entry.path);
    }
  }

  end(): void {
    if (this.#file === undefined) {
      return;
    }
    const { entry } = this.#file;
    using owned = this.#file.owned;
    this.#file = undefined;
    if (entry.sparse) {
      const result = call("ftruncate", owned.number, entry.size);
      checkedPath(result, "set the size of", entry.path);
    }
    this.#metadata.applyToFile(owned.number, entry, entry.path);
  }

  /** After the last entry: what directories had to wait for. */
  finish(): void {
    for (const directory of this.#placement.tree.deepestFirst()) {
      const fd = this.#placement.tree.fdOf(directory);
      if (directory.opaque) {
        setOpaque(fd, directory);
      }
      this.#metadata.applyToDescriptor(fd, directory.metadata, directory.path);
    }
  }

  #makeEntry(place: Place, entry: TarEntry): void {
    switch (entry.kind) {
      case "directory":
        this.#directory(place, entry);
        break;
      case "file":
        this.#file = { owned: this.#maker.openFile(place, entry), entry };
        break;
      case "hard-link":
        this.#maker.hardLink(place, entry.linkTarget);
        break;
      case "symlink":
        this.#maker.symlink(place, entry.linkTarget, entry);
        break;
      case "fifo":
        this.#maker.fifo(place, entry);
        break;
      case "character-device":
      case "block-device":
        this.#maker.device(place, entry);
        break;
    }
  }

  #directory(place: Place, entry: TarEntry): void {
    const { directory, name } = place;
    const existing = name === "" ? directory : directory.children.get(name);
    if (existing !== undefined) {
      existing.metadata = entry;
      return;
    }
    const replaces = this.#placement.own(place) !== undefined && this.#maker.clear(place);
    this.#placement.makeDirectory(place, entry, replaces);
  }

  #whiteout(components: readonly string[], mark: WhiteoutMark): void {
    const place = mark === "bookkeeping" ? undefined : this.#placement.locate(components, "leave");
    if (place === undefined || mark === "bookkeeping") {
      return;
    }
    if (mark === "opaque") {
      this.#placement.makeOpaque(place.directory);
    } else {
      this.#placement.hide({ directory: place.directory, name: mark.hides });
    }
  }
}

/** Only the initial user namespace may set the trusted attribute; others mount with "userxattr". */
function setOpaque(fd: number, directory: LayerDirectory): void {
  const [trusted, user] = OPAQUE_XATTRS;
  const value = encodeText("y");
  const result = trySetXattr(fd, trusted, value);
  if (result === -Errno.EPERM) {
    checkedPath(trySetXattr(fd, user, value), "make opaque", directory.path);
  } else {
    checkedPath(result, "make opaque", directory.path);
  }
}
