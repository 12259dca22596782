// The root file system of a container to read from and to write to, whether it runs or not. One that runs is
// reached through its process; of another the overlay is mounted where nobody else sees it, for as long as
// its descriptor is open.

import { O_PATH, RESOLVE_IN_ROOT, RESOLVE_NO_MAGICLINKS } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { makeDetachedOverlay } from "../../sys/overlay-mount.ts";
import { storedMountPlaces } from "../mount-places.ts";
import { type ContainerLayers, openLayers } from "./container-layers.ts";
import { tryOpenContainerRoot } from "./container-root.ts";
import type { StoredContainer } from "./stored-container.ts";

/** How paths of a container are opened: links lead where they lead inside, and nowhere else. */
export const IN_CONTAINER = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

export class ContainerFiles implements Disposable {
  /** A directory. */
  readonly rootFd: number;
  /** Paths relative to the root that are there only while the container runs, and now are not. */
  readonly absentMounts: readonly string[];
  /** Where nobody but us keeps from writing: of one that runs the kernel does. */
  readonly readOnly: boolean;
  /** Its files have the owners that its processes have on the host. */
  readonly isRunning: boolean;
  readonly #resources: DisposableStack;

  private constructor(rootFd: number, resources: DisposableStack, asleep?: StoredContainer) {
    const options = asleep?.record.options;
    this.rootFd = rootFd;
    this.absentMounts = (options === undefined ? [] : storedMountPlaces(options)).map((place) =>
      place.replace(/^\/+|\/+$/g, ""),
    );
    this.readOnly = options?.readOnly === true;
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
    const rootFd = resources.use(openRoot(container, layers.opened)).number;
    return new ContainerFiles(rootFd, resources.move(), container);
  }

  [Symbol.dispose](): void {
    this.#resources.dispose();
  }
}

/** The root of one that runs; the descriptor is closed with `resources`. */
function tryAdopt(resources: DisposableStack, container: StoredContainer): number | undefined {
  using root = tryOpenContainerRoot(container);
  return root === undefined ? undefined : resources.use(new OwnedFd(root.release())).number;
}

function openRoot(container: StoredContainer, { upper, lower }: ContainerLayers): OwnedFd {
  if (upper === undefined) {
    const [path = "/"] = lower;
    return new OwnedFd(open(path, O_PATH | hostArchitecture.openFlags.O_DIRECTORY));
  }
  if (call("geteuid") !== 0) {
    throw new OcicatError("unsupported", {
      operation: "open",
      subject: `the files of container ${quote(container.record.name)}`,
      reason: "an ordinary user can't mount them while it does not run",
      hint: `\`ocicat start ${container.record.name}\` starts it`,
    });
  }
  const folder = container.folder.path;
  const below = lower.length === 0 ? [`${folder}/lower`] : lower;
  return makeDetachedOverlay({ lower: below, upper, work: `${folder}/work` });
}
