// The folder of a container that the engine runs, under the persistent root:
//
//   STORE/containers/ID/
//     upper/ work/    the writable layer and overlayfs's own folder
//     lower/          empty: in place of the layers of an image that has none
//     root/           empty: where the container alone sees its root file system
//     exit.json       how it ended (src/holder/exit-record.ts)
//     image           the image that it uses (src/store/container-images.ts)

import { AT_FDCWD, O_RDONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { removeTree } from "../store/remove-tree.ts";
import { checked } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { makeDirectories, OwnedFd, openAt, tryMkdirAt } from "../sys/file.ts";
import { trySetXattr } from "../sys/xattr.ts";
import type { IdMaps } from "./run-spec.ts";

export class ContainerFolder implements Disposable {
  readonly path: string;
  readonly #parent: OwnedFd;
  readonly #folder: OwnedFd;
  readonly #id: string;

  private constructor(storeRoot: string, id: string) {
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    this.path = `${storeRoot}/containers/${id}`;
    this.#parent = new OwnedFd(openAt(AT_FDCWD, `${storeRoot}/containers`, O_RDONLY | O_DIRECTORY));
    this.#folder = new OwnedFd(openAt(this.#parent.number, id, O_RDONLY | O_DIRECTORY));
    this.#id = id;
  }

  /** Throws "already-exists" for an id in use. */
  static create(storeRoot: string, id: string): ContainerFolder {
    makeDirectories(`${storeRoot}/containers`, 0o711);
    const path = `${storeRoot}/containers/${id}`;
    const result = tryMkdirAt(AT_FDCWD, path, 0o711);
    if (result === -Errno.EEXIST) {
      throw new OcicatError("already-exists", {
        operation: "run",
        subject: `container ${quote(id)}`,
        reason: "the name is in use",
        hint: "give another one with --name, or remove its folder below the store",
      });
    }
    checked(result, "make", quote(path));
    for (const name of ["upper", "work", "root"]) {
      const folder = `${path}/${name}`;
      checked(tryMkdirAt(AT_FDCWD, folder, 0o755), "make", quote(folder));
    }
    return new ContainerFolder(storeRoot, id);
  }

  get fd(): number {
    return this.#folder.number;
  }

  /** Returns its path. */
  makeEmptyLower(): string {
    const path = `${this.path}/lower`;
    checked(tryMkdirAt(AT_FDCWD, path, 0o755), "make", quote(path));
    return path;
  }

  /** Whether overlayfs can keep its notes in the writable layer, as an ordinary user's must. */
  keepsUserAttributes(): boolean {
    using upper = new OwnedFd(openAt(this.fd, "upper", O_RDONLY));
    return trySetXattr(upper.number, "user.ocicat", new Uint8Array()) === 0;
  }

  /** `idMaps`: of a container that an ordinary user ran. */
  async remove(idMaps: IdMaps | undefined): Promise<void> {
    if (idMaps !== undefined && idMaps.uid.length > 1) {
      const { takeOwnership } = await import("./take-ownership.ts");
      takeOwnership(this.#folder.number, idMaps);
    }
    removeTree(this.#parent.number, this.#id);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
    this.#parent[Symbol.dispose]();
  }
}
