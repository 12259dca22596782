// The volumes of a container: made and filled when it is created.

import { AT_FDCWD } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import type { ChosenVolumes, VolumeContext } from "../containers/chosen-options.ts";
import { fileIdMaps } from "../id-maps.ts";
import type { RunContainerOptions, RunVolume, VolumeMount } from "../run-options.ts";
import type { FileOwners } from "../users/give-files.ts";
import { fillVolume, hasFilesFor } from "./fill-volume.ts";
import { makePart } from "./make-part.ts";
import { volumeMount } from "./volume-options.ts";
import { VolumeStore } from "./volume-store.ts";

/** Until it is disposed of no volume is removed: then the container's record has to name them. */
export async function chooseVolumes(
  options: RunContainerOptions,
  wanted: readonly RunVolume[],
  context: VolumeContext,
): Promise<ChosenVolumes> {
  using stack = new DisposableStack();
  const choice = { made: stack.use(new VolumeChoice(options, context)) };
  await choice.made.takeAll(wanted);
  stack.move();
  return choice.made;
}

/** Where its files are on the host. */
function folderOf(name: string, path: string, mounted: VolumeMount | undefined): string {
  if (mounted !== undefined && mounted.type !== "bind") {
    throw new OcicatError("unsupported", {
      operation: "mount",
      subject: `a part of the volume ${quote(name)}`,
      reason: `it is mounted (${mounted.type}) in containers alone`,
    });
  }
  return mounted?.source ?? path;
}

class VolumeChoice implements ChosenVolumes {
  #options: RunContainerOptions;
  readonly #context: VolumeContext;
  readonly #store: VolumeStore;
  readonly #made: string[] = [];

  constructor(options: RunContainerOptions, context: VolumeContext) {
    this.#options = options;
    this.#context = context;
    this.#store = new VolumeStore(context.surroundings.storeRoot, "shared");
  }

  get options(): RunContainerOptions {
    return this.#options;
  }

  async takeAll(wanted: readonly RunVolume[]): Promise<void> {
    await this.#loadCopier(wanted);
    const volumes: RunVolume[] = [];
    try {
      for (const volume of wanted) {
        volumes.push(await this.#take(volume));
      }
    } catch (error) {
      await this.undo();
      throw error;
    }
    this.#options = { ...this.#options, volumes };
  }

  /** The quick program has none, and the other one takes over where it is asked for: before anything is made. */
  async #loadCopier(wanted: readonly RunVolume[]): Promise<void> {
    const lower = this.#context.image?.root.lower ?? [];
    if (lower.length === 0 || this.#fileOwners() !== undefined) {
      return;
    }
    const empty = wanted.filter((volume) => this.#mayFill(volume));
    if (empty.length > 0 && hasFilesFor(lower, empty)) {
      await import("./copy-tree.ts");
    }
  }

  #mayFill({ name, copies, subpath }: RunVolume): boolean {
    if (!copies || subpath !== undefined) {
      return false;
    }
    const found = name === undefined ? undefined : this.#store.find(name);
    return found === undefined || readDirectoryAt(AT_FDCWD, found.path).length === 0;
  }

  async #take(volume: RunVolume): Promise<RunVolume> {
    const { image } = this.#context;
    const anonymous = volume.name === undefined;
    const { name = randomVolumeName() } = volume;
    const isNew = this.#store.find(name) === undefined;
    const { path, options = {} } = this.#store.ensure(name, { labels: {}, anonymous });
    if (anonymous) {
      this.#made.push(name);
    }
    const mounted = volumeMount(options);
    if (volume.subpath !== undefined) {
      makePart(folderOf(name, path, mounted), volume.subpath);
    }
    if (mounted !== undefined) {
      return { ...volume, mounted };
    }
    const owners = this.#fileOwners();
    if (owners !== undefined && isNew) {
      const { giveFilesAt } = await import("../users/give-files.ts");
      giveFilesAt(path, [{ path: "." }], owners);
    }
    if (volume.copies && volume.subpath === undefined && image !== undefined) {
      await this.#fill(path, image.root.lower, volume);
    }
    return { ...volume, name, ...(anonymous ? { anonymous } : {}) };
  }

  #fileOwners(): FileOwners | undefined {
    const maps = fileIdMaps(this.#options);
    const { idMaps: counted } = this.#context;
    return maps === undefined || counted === undefined ? undefined : { maps, counted };
  }

  async #fill(path: string, lower: readonly string[], volume: RunVolume): Promise<void> {
    const { onWarning } = this.#options;
    const owners = this.#fileOwners();
    if (owners === undefined) {
      await fillVolume(path, lower, { volume, onWarning });
      return;
    }
    const { executeAsOwner } = await import("../users/as-owner-command.ts");
    const task = { kind: "fill", path, lower, volume } as const;
    for (const text of executeAsOwner(task, owners.counted)) {
      onWarning?.(text);
    }
  }

  async undo(): Promise<void> {
    for (const name of this.#made.splice(0)) {
      await this.#store.remove(name, this.#context.idMaps);
    }
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }
}

/** As docker has it: 64 hexadecimal digits. */
export function randomVolumeName(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toHex();
}
