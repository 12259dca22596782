// Stores, layouts and archives in a temporary folder, for tests.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestLayout } from "../../../test/fixtures/image-layout.ts";
import { archive, type TarFields } from "../../../test/fixtures/tar-archive.ts";
import type { BringInOptions } from "../bring-in-request.ts";
import { ContentStore } from "../content/content-store.ts";
import type { ImageEvent } from "../image-event.ts";

export const HOST = {
  os: "linux",
  architecture: process.arch === "arm64" ? "arm64" : "amd64",
} as const;

/** No layer is made ready for containers in a form that needs root. */
export const BRING_IN: BringInOptions = { platform: HOST, format: "directory" };

export class TestPlace implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "ocicat-formats-"));
  readonly events: ImageEvent[] = [];
  readonly #stores: ContentStore[] = [];

  path(name: string): string {
    return join(this.folder, name);
  }

  store(name = "store"): ContentStore {
    const store = new ContentStore(this.path(name));
    this.#stores.push(store);
    return store;
  }

  layout(name = "layout"): TestLayout {
    mkdirSync(this.path(name));
    return new TestLayout(this.path(name));
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** Returns its path. */
  archive(name: string, ...entries: readonly (TarFields | Buffer)[]): string {
    return this.write(name, archive(...entries));
  }

  readonly onEvent = (event: ImageEvent): void => {
    this.events.push(event);
  };

  [Symbol.dispose](): void {
    for (const store of this.#stores) {
      store[Symbol.dispose]();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Layers with a file each. */
export function layersOf(...names: readonly string[]): readonly Buffer[] {
  return names.map((name) => archive({ name, data: `content of ${name}` }));
}

export async function errorOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return "no error";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
