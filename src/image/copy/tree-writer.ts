// Writes the entries of an archive into a tree that is there, as `tar -x` does: into the files of a
// container, or out of one into those of the host. Folders that are there stay as they are, other things
// give way, devices where the caller wants it so. Nobody else is trusted: neither the archive, nor whoever changes
// the tree meanwhile. Each folder is opened by the kernel inside its bounds, and what is made in it is made by its
// name alone.

import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
} from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { pathComponents } from "../../oci/path-components.ts";
import { removeTree } from "../../store/remove-tree.ts";
import {
  bytePath,
  checkedPath,
  quoteByteString,
  statByteAt,
  tryOpenByteAt,
  tryOpenByteAt2,
} from "../../sys/byte-path.ts";
import { call, checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd } from "../../sys/file.ts";
import { writeAllAt } from "../../sys/positioned.ts";
import type { TarEntry, TarEntryKind, TarHandler } from "../tar/entry.ts";
import { type Metadata, MetadataWriter } from "../unpack/metadata.ts";
import { Notes } from "../unpack/notes.ts";

export interface TreePlace {
  /** A directory, which stays the caller's. */
  readonly fd: number;
  /** A path from it to where the entries go; "" is itself. */
  readonly folder: string;
  /** RESOLVE_* flags that keep paths inside. */
  readonly resolve: number;
}

export interface TreeWriterOptions {
  /** Whose everything becomes; undefined: as the archive has it. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** False: this process can't give files away. */
  readonly canChown: boolean;
  /** Directories give way to other things, and these to directories; otherwise that is refused. */
  readonly overwrites?: boolean;
  /** No file or link takes the place of a device: of /dev/null, which everybody needs. */
  readonly keepsDevices?: boolean;
  /** Device nodes that get an owner are that owner's alone: others would have the device by them. */
  readonly closesDevices?: boolean;
}

/** Without what would give rights to another owner. */
const PLAIN_MODE = 0o1777;
const OWNERS_MODE = 0o600;
const NEW_FOLDER = 0o755;
const OWNER_ONLY = 0o700;

const NODE_TYPES: ReadonlyMap<TarEntryKind, number> = new Map<TarEntryKind, number>([
  ["character-device", S_IFCHR],
  ["block-device", S_IFBLK],
  ["fifo", S_IFIFO],
]);

const DEVICES: ReadonlySet<TarEntryKind> = new Set<TarEntryKind>([
  "character-device",
  "block-device",
]);

interface Spot {
  readonly directoryFd: number;
  readonly name: string;
  /** For messages. */
  readonly path: string;
}

export class TreeWriter implements TarHandler, Disposable {
  readonly #place: TreePlace;
  readonly #options: TreeWriterOptions;
  readonly #notes = new Notes();
  readonly #metadata: MetadataWriter;
  /** Made here; their metadata waits until nothing is made in them any more. */
  readonly #folders: { readonly path: string; readonly metadata: Metadata }[] = [];
  /** The folder that was used last. */
  #last: { readonly path: string; readonly fd: OwnedFd } | undefined;
  #file: { readonly fd: OwnedFd; readonly entry: TarEntry } | undefined;

  constructor(place: TreePlace, options: TreeWriterOptions) {
    this.#place = place;
    this.#options = options;
    this.#metadata = new MetadataWriter(options.canChown ? "keep" : "single", this.#notes);
  }

  [Symbol.dispose](): void {
    this.#file?.fd[Symbol.dispose]();
    this.#last?.fd[Symbol.dispose]();
  }

  begin(entry: TarEntry): void {
    const components = pathComponents(entry.path);
    const name = components.pop();
    if (name === undefined) {
      return;
    }
    const parent = components.join("/");
    const path = quoteByteString(entry.path);
    this.#make({ directoryFd: this.#openFolder(parent), name, path }, entry, parent);
  }

  data(chunk: Uint8Array, offset: number): void {
    if (this.#file !== undefined) {
      writeAllAt(this.#file.fd.number, chunk, offset, quoteByteString(this.#file.entry.path));
    }
  }

  end(): void {
    const file = this.#file;
    if (file === undefined) {
      return;
    }
    this.#file = undefined;
    const { fd, entry } = file;
    using _fd = fd;
    const path = quoteByteString(entry.path);
    checked(call("ftruncate", fd.number, entry.size), "set the size of", path);
    this.#metadata.applyToDescriptor(fd.number, this.#metadataOf(entry), entry.path);
  }

  /** Once the archive has ended. Returns what could not be kept. */
  finish(): readonly string[] {
    for (const { path, metadata } of this.#folders.toReversed()) {
      this.#metadata.applyToDescriptor(this.#openFolder(path), metadata, path);
    }
    return this.#notes.sentences();
  }

  #make(spot: Spot, entry: TarEntry, parent: string): void {
    switch (entry.kind) {
      case "directory":
        this.#makeFolder(spot, parent, this.#metadataOf(entry));
        return;
      case "file":
        this.#leaveDevice(spot);
        this.#makeWay(spot);
        this.#file = { fd: openNew(spot), entry };
        return;
      case "symlink":
        this.#leaveDevice(spot);
        this.#makeWay(spot);
        clear(spot);
        link(spot, call("symlinkat", bytePath(entry.linkTarget), spot.directoryFd, nameOf(spot)));
        this.#metadata.applyToLink(spot.directoryFd, spot.name, this.#metadataOf(entry));
        return;
      case "hard-link":
        this.#hardLink(spot, entry.linkTarget);
        return;
      default:
        this.#node(spot, entry);
    }
  }

  #makeFolder(spot: Spot, parent: string, metadata: Metadata): void {
    const status = statByteAt(spot.directoryFd, spot.name);
    const isFolder = status !== undefined && (status.mode & S_IFMT) === S_IFDIR;
    if (isFolder) {
      return;
    }
    if (status !== undefined && this.#options.overwrites !== true) {
      throw inTheWay(spot, "something that is not a directory is there", OVERWRITING);
    }
    if (status !== undefined) {
      clear(spot);
    }
    const made = call("mkdirat", spot.directoryFd, nameOf(spot), OWNER_ONLY);
    checked(made, "make the directory", spot.path);
    this.#folders.push({ path: parent === "" ? spot.name : `${parent}/${spot.name}`, metadata });
  }

  #hardLink(spot: Spot, target: string): void {
    const components = pathComponents(target);
    const targetName = bytePath(components.pop() ?? "");
    using folder = this.#open(components.join("/"));
    this.#leaveDevice(spot);
    this.#makeWay(spot);
    clear(spot);
    const args = [folder.number, targetName, spot.directoryFd, nameOf(spot), 0] as const;
    checked(call("linkat", ...args), "make the hard link", spot.path);
  }

  #node(spot: Spot, entry: TarEntry): void {
    const { major, minor } = entry.device;
    const type = NODE_TYPES.get(entry.kind) ?? S_IFIFO;
    const device = (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12);
    this.#makeWay(spot);
    clear(spot);
    const made = call("mknodat", spot.directoryFd, nameOf(spot), type, device);
    if (made === -Errno.EPERM) {
      this.#notes.add("device node left out, an ordinary user cannot make one");
      return;
    }
    checked(made, "make the node", spot.path);
    this.#giveNode(spot, this.#metadataOf(entry));
  }

  #leaveDevice(spot: Spot): void {
    const { keepsDevices } = this.#options;
    const status = keepsDevices === true ? statByteAt(spot.directoryFd, spot.name) : undefined;
    const kind = (status?.mode ?? 0) & S_IFMT;
    if (kind === S_IFCHR || kind === S_IFBLK) {
      throw inTheWay(spot, "a device is there");
    }
  }

  /** For something that is no directory. */
  #makeWay({ directoryFd, name }: Spot): void {
    const status = this.#options.overwrites === true ? statByteAt(directoryFd, name) : undefined;
    if (status !== undefined && (status.mode & S_IFMT) === S_IFDIR) {
      removeTree(directoryFd, name);
    }
  }

  /** Not by its name, which may be a link to elsewhere by now; and it must not be opened. */
  #giveNode(spot: Spot, { uid, gid, mode }: Metadata): void {
    const flags = O_PATH | hostArchitecture.openFlags.O_NOFOLLOW;
    const opened = tryOpenByteAt(spot.directoryFd, spot.name, flags);
    using node = new OwnedFd(checked(opened, "open the node", spot.path));
    if (this.#options.canChown) {
      const result = call("fchownat", node.number, bytePath(""), uid, gid, AT_EMPTY_PATH);
      checked(result, "set the owner of", spot.path);
    }
    const path = bytePath(`/proc/self/fd/${node.number}`);
    checked(call("fchmodat", AT_FDCWD, path, mode), "set the mode of", spot.path);
  }

  #metadataOf(entry: TarEntry): Metadata {
    const { owner, closesDevices = false } = this.#options;
    const isClosed = closesDevices && DEVICES.has(entry.kind);
    const mode = entry.mode & (isClosed ? OWNERS_MODE : PLAIN_MODE);
    return owner === undefined ? entry : { ...entry, ...owner, mode, xattrs: new Map() };
  }

  /** Valid until another folder is asked for. */
  #openFolder(path: string): number {
    if (this.#last?.path !== path) {
      const opened = { path, fd: this.#open(path) };
      this.#last?.fd[Symbol.dispose]();
      this.#last = opened;
    }
    return this.#last.fd.number;
  }

  /** Makes it, if the archive has not said it before. */
  #open(path: string): OwnedFd {
    const { fd, folder, resolve } = this.#place;
    const whole = [folder, path].filter((part) => part !== "").join("/") || ".";
    const flags = O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY;
    const opened = tryOpenByteAt2(fd, whole, { flags, resolve });
    if (opened !== -Errno.ENOENT || path === "") {
      return new OwnedFd(checkedPath(opened, "open the directory", whole));
    }
    const slash = path.lastIndexOf("/");
    using parent = this.#open(path.slice(0, Math.max(0, slash)));
    const name = bytePath(path.slice(slash + 1));
    const made = call("mkdirat", parent.number, name, NEW_FOLDER);
    checkedPath(made, "make the directory", path);
    return this.#open(path);
  }
}

function nameOf({ name }: Spot): number {
  return bytePath(name);
}

function link({ path }: Spot, result: number): void {
  checked(result, "make the symbolic link", path);
}

/** What is mounted on can't be removed: there the content is replaced. */
function openNew(spot: Spot): OwnedFd {
  const { O_NOFOLLOW } = hostArchitecture.openFlags;
  const isMountPoint = !tryClear(spot);
  const how = isMountPoint ? O_TRUNC | O_NONBLOCK : O_CREAT | O_EXCL;
  const opened = tryOpenByteAt(spot.directoryFd, spot.name, O_WRONLY | O_NOFOLLOW | how, 0o600);
  return new OwnedFd(checked(opened, "make the file", spot.path));
}

function clear(spot: Spot): void {
  if (!tryClear(spot)) {
    throw inTheWay(spot, "something is mounted there");
  }
}

/** False: something is mounted there. */
function tryClear(spot: Spot): boolean {
  const result = call("unlinkat", spot.directoryFd, nameOf(spot), 0);
  if (result === -Errno.EISDIR) {
    throw inTheWay(spot, "a directory is there", OVERWRITING);
  }
  if (result !== -Errno.EBUSY && result !== -Errno.ENOENT) {
    checked(result, "replace", spot.path);
  }
  return result !== -Errno.EBUSY;
}

const OVERWRITING = "--overwrite removes it";

function inTheWay({ path }: Spot, reason: string, hint?: string): OcicatError {
  const details = { operation: "copy", subject: path, reason };
  return new OcicatError("already-exists", { ...details, ...(hint === undefined ? {} : { hint }) });
}
