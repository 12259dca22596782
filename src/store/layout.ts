// The folder of the store:
//
//   ROOT/                        0700: what images contain is for containers, not for the host's users
//     version                    "1": the version of this layout
//     layers/NAME/fs/            one unpacked layer, for overlayfs; never written to again
//     layers/NAME/layer.json     what is known about it (src/image/layer-store.ts)
//     images/KEY.json            what a run needs of an image (src/image/record.ts)
//     staging/NAME/              a layer while it is made; renamed to layers/NAME when it is complete
//     staging/NAME.lock          held by whoever makes it (lock.ts)
//
// A process killed at any moment leaves at most a folder in staging, whose lock nobody holds.

import { O_PATH, O_RDONLY } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { hostArchitecture } from "../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  openAt,
  readTextAtIfExists,
  replaceFileAt,
  tryMkdirAt,
} from "../sys/file.ts";

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
  const version = readTextAtIfExists(rootFd, "version", 4096);
  if (version === undefined) {
    replaceFileAt(rootFd, "version", LAYOUT_VERSION);
  } else if (version !== LAYOUT_VERSION) {
    throw new OcicatError("unsupported", {
      operation: "use",
      subject: `the store ${quote(root)}`,
      reason: `it has version ${quote(version.trim())}, this program writes ${quote(LAYOUT_VERSION.trim())}`,
      hint: "use the newer ocicat that made it, or another --store",
    });
  }
}
