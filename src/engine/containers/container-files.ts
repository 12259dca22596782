// The root file system of a container to read from and to write to, whether it runs or not. One that runs is
// reached through its process; of another the overlay is to be mounted where nobody else sees it.

import { RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { call } from "../../sys/call.ts";
import { OwnedFd } from "../../sys/file.ts";
import type { OverlayDirectories } from "../../sys/overlay-mount.ts";
import { type AbsentMount, absentMounts } from "./absent-mounts.ts";
import { type ContainerLayers, openLayers } from "./container-layers.ts";
import { tryOpenContainerRoot } from "./container-root.ts";
import type { StoredContainer } from "./stored-container.ts";

/** How paths of a container are opened: links lead where they lead inside, and nowhere else. */
export const IN_CONTAINER = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

/** Where the files are, for whoever reads and writes them: this process, or another one. */
export type FilesRoot =
  | { readonly kind: "path"; readonly path: string }
  /** A directory, which stays the caller's. */
  | { readonly kind: "descriptor"; readonly fd: number }
  /** Not mounted yet. */
  | ({ readonly kind: "overlay" } & OverlayDirectories);

export class ContainerFiles implements Disposable {
  readonly root: FilesRoot;
  /** None of one that runs. */
  readonly absentMounts: readonly AbsentMount[];
  /** Where nobody but us keeps from writing: of one that runs the kernel does. */
  readonly readOnly: boolean;
  /** Its files have the owners that its processes have on the host. */
  readonly isRunning: boolean;
  readonly #resources: DisposableStack;

  private constructor(root: FilesRoot, resources: DisposableStack, asleep?: StoredContainer) {
    this.root = root;
    this.absentMounts = asleep === undefined ? [] : absentMounts(asleep);
    this.readOnly = asleep?.record.options.readOnly === true;
    this.isRunning = asleep === undefined;
    this.#resources = resources;
  }

  /** One that does not run does not start before the result is disposed of. */
  static async open(container: StoredContainer): Promise<ContainerFiles> {
    using resources = new DisposableStack();
    const running = tryAdopt(resources, container);
    if (running !== undefined) {
      return new ContainerFiles(running, resources.move());
    }
    resources.use(container.folder.lock());
    // It may have been started until the lock was there.
    const late = tryAdopt(resources, container);
    if (late !== undefined) {
      return new ContainerFiles(late, resources.move());
    }
    const layers = { opened: resources.use(await openLayers(container)) };
    return new ContainerFiles(rootOf(container, layers.opened), resources.move(), container);
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}

/** The root of one that runs; the descriptor is closed with `resources`. */
function tryAdopt(resources: DisposableStack, container: StoredContainer): FilesRoot | undefined {
  using root = tryOpenContainerRoot(container);
  return root === undefined
    ? undefined
    : { kind: "descriptor", fd: resources.use(new OwnedFd(root.release())).number };
}

function rootOf(container: StoredContainer, { upper, lower }: ContainerLayers): FilesRoot {
  const { folder, record, lentMaps } = container;
  if (upper === undefined) {
    const [path = "/"] = lower;
    return { kind: "path", path };
  }
  const isRoot = call("geteuid") === 0;
  if (!isRoot && lentMaps === undefined) {
    throw new OcicatError("unsupported", {
      operation: "open",
      subject: `the files of container ${quote(record.name)}`,
      reason: "an ordinary user without lent ids can't mount them while it does not run",
      hint: `\`ocicat start ${record.name}\` starts it`,
    });
  }
  const below = lower.length === 0 ? [`${folder.path}/lower`] : lower;
  const work = `${folder.path}/work`;
  return { kind: "overlay", lower: below, upper, work, userXattr: !isRoot };
}
