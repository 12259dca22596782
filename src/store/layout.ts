// The folder of the store, version 2 of its layout:
//
//   ROOT/                        0700: what images contain is for containers, not for the host's users
//     version                    "2"; its lock (flock) is that of collect-garbage.ts
//     oci-layout                 ROOT is an OCI image layout, which other programs read as it stands:
//     index.json                 one descriptor for each name of an image (src/image/content/name-index.ts)
//     blobs/ALGORITHM/HEX        0644, never written to again; ALGORITHM is sha256 or sha512
//     metadata.sqlite            what is asked across many images (src/image/content/database.ts); it is
//                                made when something is to be remembered, and again when it is gone
//     events.hot, events.sqlite  what has happened (src/engine/events/hot-events.ts, event-database.ts)
//     layers/NAME                a layer made ready for containers; never written to again
//     images/KEY.json            what a run needs of an image (src/image/record.ts)
//     staging/NAME               whatever is being made, then renamed to its place
//     staging/NAME.lock          held by whoever makes it (lock.ts)
//     staging/ALGORITHM-HEX.partial   a blob that has not arrived whole yet; the next download goes on there
//     staging/lease-NAME.lock    what its holder needs and a collection leaves alone (lease.ts)
//     containers/ID              what belongs to a container (src/engine/containers/container-folder.ts)
//     volumes/NAME               a volume (src/engine/volumes/volume-store.ts)
//     secrets/NAME               a secret (src/engine/secrets/secret-store.ts)
//     names/NAME                 the container of this name (src/engine/containers/container-names.ts)
//
// A process killed at any moment leaves at most entries in staging, whose locks nobody holds.
// Version 1 had layers, images, staging and containers: it becomes version 2 when it is opened.

import { O_RDONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { checked } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  openAt,
  readTextAtIfExists,
  tryMkdirAt,
} from "../sys/file.ts";
import { encodeText } from "../sys/memory.ts";
import { inStore } from "./closed-store.ts";
import { forceToDisk, writeWholeFile } from "./whole-file.ts";

const LAYOUT_VERSION = "2\n";
/** Empty: a process of version 1 was killed while it made the store. */
const UPGRADABLE = [undefined, "", "1\n"];
const PRIVATE = 0o700;

/** Inside of blobs/. */
export const BLOB_FOLDERS = ["sha256", "sha512"];

const EMPTY_INDEX = {
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json",
  manifests: [],
};

/** The files that make ROOT an image layout, as they are at first. */
export const LAYOUT_FILES: Readonly<Record<"oci-layout" | "index.json", string>> = {
  "oci-layout": JSON.stringify({ imageLayoutVersion: "1.0.0" }),
  "index.json": JSON.stringify(EMPTY_INDEX),
};

/** The store's folders, open. */
export class Store implements Disposable {
  readonly root: string;
  /** ROOT itself. */
  readonly top: OwnedFd;
  readonly blobs: OwnedFd;
  readonly layers: OwnedFd;
  readonly images: OwnedFd;
  readonly staging: OwnedFd;
  readonly #descriptors: DisposableStack;

  /** Makes what is missing. */
  constructor(root: string) {
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    this.root = root;
    using stack = new DisposableStack();
    this.top = inStore(root, () => {
      makeDirectories(root, PRIVATE);
      return stack.use(new OwnedFd(open(root, O_RDONLY | O_DIRECTORY)));
    });
    const version = readTextAtIfExists(this.top.number, "version", 4096);
    checkVersion(version, root);
    const openFolder = (name: string): OwnedFd => {
      makeFolder(this.top.number, name);
      return stack.use(new OwnedFd(openAt(this.top.number, name, O_RDONLY | O_DIRECTORY)));
    };
    this.blobs = openFolder("blobs");
    this.layers = openFolder("layers");
    this.images = openFolder("images");
    this.staging = openFolder("staging");
    if (version !== LAYOUT_VERSION) {
      this.#complete();
    }
    this.#descriptors = stack.move();
  }

  /** Of a store that is new, half made or of version 1. The version comes last: it says that all is there. */
  #complete(): void {
    for (const name of BLOB_FOLDERS) {
      makeFolder(this.blobs.number, name);
    }
    for (const [name, text] of Object.entries(LAYOUT_FILES)) {
      this.#write(name, text, "keep");
    }
    forceToDisk(this.top.number, "the store's folder");
    this.#write("version", LAYOUT_VERSION, "replace");
  }

  #write(name: string, text: string, existing: "keep" | "replace"): void {
    const place = { directoryFd: this.top.number, name, mode: 0o644, existing };
    writeWholeFile(this.staging.number, { ...place, content: encodeText(text) });
  }

  [Symbol.dispose](): void {
    this.#descriptors[Symbol.dispose]();
  }
}

function makeFolder(parentFd: number, name: string): void {
  const result = tryMkdirAt(parentFd, name, PRIVATE);
  if (result !== -Errno.EEXIST) {
    checked(result, "make directory", quote(name));
  }
}

function checkVersion(version: string | undefined, root: string): void {
  if (version !== LAYOUT_VERSION && !UPGRADABLE.includes(version)) {
    const written = quote((version ?? "").trim());
    throw new OcicatError("unsupported", {
      operation: "use",
      subject: `the store ${quote(root)}`,
      reason: `it has version ${written}, this program writes ${quote(LAYOUT_VERSION.trim())}`,
      hint: "use the ocicat that made it, or another --store",
    });
  }
}
