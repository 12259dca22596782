// The folder of the store:
//
//   ROOT/                        0700: what images contain is for containers, not for the host's users
//     version                    "1": the version of this layout
//     layers/NAME/fs/            one unpacked layer, for overlayfs; never written to again
//     layers/NAME/layer.json     what is known about it (src/image/layer-store.ts)
//     images/KEY.json            what a run needs of an image (src/image/record.ts)
//     staging/NAME               a layer or an image's file while it is made, then renamed to its place
//     staging/NAME.lock          held by whoever makes it (lock.ts)
//
// A process killed at any moment leaves at most entries in staging, whose locks nobody holds.

import { O_CREAT, O_EXCL, O_PATH, O_RDONLY, O_WRONLY } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { hostArchitecture } from "../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  openAt,
  readTextAtIfExists,
  tryMkdirAt,
  tryOpenAt,
  writeAll,
} from "../sys/file.ts";
import { encodeText } from "../sys/memory.ts";

const LAYOUT_VERSION = "1\n";
const PRIVATE = 0o700;

/** The store's folders, open. */
export class Store implements Disposable {
  readonly root: string;
  readonly layers: OwnedFd;
  readonly images: OwnedFd;
  readonly staging: OwnedFd;

  /** Makes what is missing. */
  constructor(root: string) {
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    this.root = root;
    makeDirectories(root, PRIVATE);
    using folder = new OwnedFd(open(root, O_PATH | O_DIRECTORY));
    checkVersion(folder.number, root);
    using stack = new DisposableStack();
    const openFolder = (name: string): OwnedFd => {
      tryMkdirAt(folder.number, name, PRIVATE);
      return stack.use(new OwnedFd(openAt(folder.number, name, O_RDONLY | O_DIRECTORY)));
    };
    this.layers = openFolder("layers");
    this.images = openFolder("images");
    this.staging = openFolder("staging");
    stack.move();
  }

  [Symbol.dispose](): void {
    this.layers[Symbol.dispose]();
    this.images[Symbol.dispose]();
    this.staging[Symbol.dispose]();
  }
}

function checkVersion(rootFd: number, root: string): void {
  const created = tryOpenAt(rootFd, "version", O_WRONLY | O_CREAT | O_EXCL, 0o600);
  if (created >= 0) {
    using file = new OwnedFd(created);
    writeAll(file.number, encodeText(LAYOUT_VERSION), "the store's version");
    return;
  }
  const version = readTextAtIfExists(rootFd, "version", 4096);
  // Empty: another process is about to write it, or was killed there.
  if (version !== undefined && version !== "" && version !== LAYOUT_VERSION) {
    const written = quote(version.trim());
    throw new OcicatError("unsupported", {
      operation: "use",
      subject: `the store ${quote(root)}`,
      reason: `it has version ${written}, this program writes ${quote(LAYOUT_VERSION.trim())}`,
      hint: "use the ocicat that made it, or another --store",
    });
  }
}
