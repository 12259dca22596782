// What every operation on images begins with: the settings, and the store open.

import { ContentStore } from "../../image/content/content-store.ts";
import { type Platform, parsePlatform } from "../../oci/platform.ts";
import { hostPlatform } from "../host-platform.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";

export type ImageOptions = SurroundingsOptions;

export class ImageSession implements Disposable {
  readonly surroundings: Surroundings;
  readonly store: ContentStore;

  constructor(surroundings: Surroundings) {
    this.surroundings = surroundings;
    this.store = new ContentStore(surroundings.storeRoot);
  }

  /** Of names that do not say a registry. */
  get defaultDomain(): string {
    return this.surroundings.configuration.get("image.default-registry");
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }
}

/** Throws OcicatError where the settings are wrong, or the store cannot be opened. */
export async function openImages(options: ImageOptions): Promise<ImageSession> {
  return new ImageSession(await readSurroundings(options));
}

/** "linux/arm64/v8"; this machine's where nothing is said. */
export function wantedPlatform(text: string | undefined): Platform {
  return text === undefined ? hostPlatform() : parsePlatform(text, hostPlatform());
}
