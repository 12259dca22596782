// A place to try the commands on images in: a store, a home and a configuration of its own. The program is
// run without blocking, so that registries can run in the same process.
//
// OCICAT_TEST_PROGRAM: an absolute path of another program to test.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ContentStore } from "../../src/image/content/content-store.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { ImageConfig } from "../../src/oci/image-spec.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP } from "../../src/oci/media-types.ts";
import type { Platform } from "../../src/oci/platform.ts";
import { TestLayout } from "../fixtures/image-layout.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { digestOf } from "../fixtures/unpacked-layers.ts";
import { OCICAT } from "./run-place.ts";

export interface ImageResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ImageCall {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ImageSketch {
  /** RFC 3339. */
  readonly created?: string;
  readonly config?: ImageConfig;
  readonly platform?: Platform;
  /** One layer each, of a file with this content. */
  readonly contents?: readonly string[];
}

const LIMIT_MS = 120_000;

export class ImagePlace {
  readonly folder = mkdtempSync(join(tmpdir(), "ocicat-images-"));
  readonly store = join(this.folder, "store");

  /** What programs that are started here see. */
  get environment(): Readonly<Record<string, string>> {
    return {
      PATH: process.env["PATH"] ?? "",
      HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, "config"),
      XDG_RUNTIME_DIR: join(this.folder, "run"),
      XDG_DATA_HOME: join(this.folder, "data"),
      OCICAT_STORE_ROOT: this.store,
      TZ: "UTC",
    };
  }

  async ocicat(words: readonly string[], options: ImageCall = {}): Promise<ImageResult> {
    const child = Bun.spawn([OCICAT, ...words], {
      stdin: options.input === undefined ? "ignore" : Buffer.from(options.input),
      stdout: "pipe",
      stderr: "pipe",
      cwd: this.folder,
      env: { ...this.environment, ...options.env },
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, stdout, stderr };
  }

  /** What a command wrote that must end with 0 and have nothing to say on standard error. */
  async output(words: readonly string[], options: ImageCall = {}): Promise<string> {
    const { code, stdout, stderr } = await this.ocicat(words, options);
    if (code !== 0 || stderr !== "") {
      throw new Error(`${words.join(" ")}: exit status ${code}\n${stderr}${stdout}`);
    }
    return stdout;
  }

  /** The columns of a table, row by row, its head first. */
  async table(words: readonly string[]): Promise<string[][]> {
    const lines = (await this.output(words)).trimEnd().split("\n");
    return lines.map((line) => line.split(/ {2,}/));
  }

  /** Writes images straight into the store, as another program would, in place of those there. */
  fill(fillLayout: (layout: TestLayout) => readonly Descriptor[]): void {
    rmSync(this.store, { recursive: true, force: true });
    using _store = new ContentStore(this.store);
    const layout = new TestLayout(this.store);
    layout.setIndex(fillLayout(layout));
  }

  names(): string[] {
    using store = new ContentStore(this.store);
    return store.names().map(({ name }) => name ?? "<none>");
  }

  blobs(): string[] {
    const folder = join(this.store, "blobs", "sha256");
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  }

  /** The folder of a container that uses an image. */
  addContainer(name: string, { digest }: Descriptor): void {
    const folder = join(this.store, "containers", name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "image"), `${digest}\n`);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  /** Of everything that commands leave here nothing may be a lock or half made. */
  leftovers(): string[] {
    const staging = join(this.store, "staging");
    return existsSync(staging) ? readdirSync(staging) : [];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An image whose layers are one file each. */
export function addImage(layout: TestLayout, sketch: ImageSketch): Descriptor {
  const { created, config = {}, platform, contents = ["content"] } = sketch;
  const layers = contents.map((data, index) => archive({ name: `file-${index}`, data }));
  const host = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
  const image = {
    ...(platform ?? host),
    ...(created === undefined ? {} : { created }),
    config,
    rootfs: { type: "layers", diff_ids: layers.map(digestOf) },
    history: [
      ...layers.map((_, index) => ({
        ...(created === undefined ? {} : { created }),
        created_by: `COPY file-${index} /`,
      })),
      { ...(created === undefined ? {} : { created }), created_by: "CMD", empty_layer: true },
    ],
  };
  return layout.addManifest(
    layout.addDocument(image, OCI_CONFIG),
    layers.map((layer) => layout.addBlob(gzipSync(layer), OCI_LAYER_GZIP)),
  );
}

/** The digest of the configuration: the image's ID. */
export function imageId(layout: TestLayout, manifest: Descriptor): string {
  const document: { config: Descriptor } = JSON.parse(
    readFileSync(layout.blobPath(manifest), "utf8"),
  );
  return document.config.digest;
}
