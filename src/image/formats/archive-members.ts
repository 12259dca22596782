// The files in a tar archive, as members: where each stands in the archive is noted in one pass over
// its headers, and nothing is unpacked. Links between members lead to their targets, as in archives of
// old versions of Docker, which link the layers of several images.
//
// An archive is not trusted: a name that leaves it is refused, and so is a document that is there twice,
// because two readers would take different ones.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { quoteByteString, toByteString } from "../../sys/byte-path.ts";
import { OwnedFd, statAt } from "../../sys/file.ts";
import { bytes } from "../../sys/memory.ts";
import { readAt } from "../../sys/positioned.ts";
import {
  DEFAULT_TAR_LIMITS,
  type TarEntry,
  type TarHandler,
  type TarLimits,
} from "../tar/entry.ts";
import { BLOCK_BYTES } from "../tar/header.ts";
import { TarReader } from "../tar/reader.ts";
import { readRange } from "./file-range.ts";
import type { Member, Members } from "./members.ts";

/** Images have hundreds of layers at most, an archive several images. */
const MOST_ENTRIES = 200_000;
const MOST_LINKS = 8;

interface Place {
  readonly offset: number;
  readonly size: number;
  /** A target instead of a content; already relative to the archive's root. */
  readonly link: string | undefined;
  readonly sparse: boolean;
  readonly repeated: boolean;
}

export class ArchiveMembers implements Members {
  readonly description: string;
  readonly #file: OwnedFd;
  readonly #places: ReadonlyMap<string, Place>;

  /** Takes the descriptor over: of an uncompressed archive in a file that can be read at any place. */
  constructor(fd: number, description: string) {
    using file = new OwnedFd(fd);
    this.description = description;
    this.#places = indexArchive(fd, description);
    this.#file = new OwnedFd(file.release());
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }

  find(name: string): Member | undefined {
    const wanted = cleanName(toByteString(name));
    const place = wanted === undefined ? undefined : this.#follow(wanted);
    if (place === undefined) {
      return undefined;
    }
    const { offset, size } = place;
    const subject = `${quote(name)} in ${this.description}`;
    if (place.sparse || place.repeated) {
      throw new OcicatError("invalid-config", {
        operation: "read",
        subject,
        reason: place.sparse ? "it is stored as a sparse file" : "it is there more than once",
      });
    }
    const file = this.#file.number;
    return {
      name,
      size,
      read: (start) => readRange(file, { offset: offset + start, length: size - start }, subject),
    };
  }

  #follow(name: string): Place | undefined {
    let place = this.#places.get(name);
    for (let links = 0; place?.link !== undefined; links += 1) {
      if (links === MOST_LINKS) {
        throw refused(this.description, name, "it leads through too many links");
      }
      place = this.#places.get(place.link);
    }
    return place;
  }
}

function indexArchive(fd: number, description: string): Map<string, Place> {
  const places = new Map<string, Place>();
  const handler: TarHandler = {
    begin: (entry, stored) => notePlace(places, entry, { ...stored, description }),
    end: () => undefined,
  };
  const limits: TarLimits = { ...DEFAULT_TAR_LIMITS, entries: MOST_ENTRIES };
  const reader = new TarReader(handler, limits);
  const block = bytes(BLOCK_BYTES);
  let offset = 0;
  // Nothing is wanted behind the end of the archive: all of it could be passed over.
  while (Number.isFinite(reader.skippable)) {
    const count = readAt(fd, block, offset, description);
    if (count === 0) {
      break;
    }
    reader.push(block.subarray(0, count));
    offset += count;
    for (let data = reader.skippable; data > 0 && Number.isFinite(data); data = reader.skippable) {
      reader.skip(data);
      offset += data;
    }
  }
  reader.finish();
  checkEnd(places, fd, description);
  return places;
}

interface StoredEntry {
  readonly offset: number;
  readonly description: string;
}

function notePlace(places: Map<string, Place>, entry: TarEntry, stored: StoredEntry): void {
  const name = cleanName(entry.path);
  if (name === undefined) {
    throw refused(stored.description, entry.path, "the name leads out of the archive");
  }
  if (entry.kind !== "file" && entry.kind !== "symlink" && entry.kind !== "hard-link") {
    return;
  }
  places.set(name, {
    offset: stored.offset,
    size: entry.size,
    link: entry.kind === "file" ? undefined : linkTarget(entry, name),
    sparse: entry.sparse,
    repeated: places.has(name),
  });
}

/** A link that leaves the archive leads nowhere: to a name that no member has. */
function linkTarget({ kind, linkTarget: target }: TarEntry, name: string): string {
  const folder = kind === "symlink" ? name.slice(0, name.lastIndexOf("/") + 1) : "";
  return cleanName(folder + target) ?? "..";
}

/**
 * Without ".", ".." and empty components; undefined: it leads out of the archive. Docker's and podman's
 * links go up ("../OTHER/layer.tar"), so that ".." has to be understood.
 */
function cleanName(path: string): string | undefined {
  const components: string[] = [];
  if (path.startsWith("/")) {
    return undefined;
  }
  for (const component of path.split("/")) {
    if (component === "..") {
      if (components.pop() === undefined) {
        return undefined;
      }
    } else if (component !== "" && component !== ".") {
      components.push(component);
    }
  }
  return components.join("/");
}

/** Data that was passed over may not be there. */
function checkEnd(places: ReadonlyMap<string, Place>, fd: number, description: string): void {
  const fileSize = statAt(fd, "")?.size ?? 0;
  for (const [name, place] of places) {
    const stored = place.sparse ? 0 : place.size;
    if (place.offset + stored > fileSize) {
      throw refused(description, name, "the archive ends inside its data");
    }
  }
}

/** `name` is a byte string. */
function refused(description: string, name: string, reason: string): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "read",
    subject: `${quoteByteString(name)} in ${description}`,
    reason,
  });
}
