// Images between ocicat and the field through docker-registry: pushed by each program, pulled by each. All
// have to see the same digests, and ocicat the same bytes.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layeredLayout } from "../../tools/peers/registry-images.ts";
import { TestRegistry } from "../../tools/testing/registry.ts";
import { blobFiles } from "./blob-files.ts";
import { isPeerMissing, Ocicat, readLayout, registryPeers } from "./registry-peers.ts";

const isMissing = process.getuid?.() !== 0 || !TestRegistry.isInstalled();

describe.skipIf(isMissing)("images through a registry", () => {
  let folder = "";
  let registry: TestRegistry;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-matrix-"));
    registry = await TestRegistry.start(join(folder, "registry"));
  });

  afterAll(async () => {
    await registry[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const pairs = registryPeers("").flatMap((pusher) =>
    registryPeers("").map((puller) => ({ pusher, puller })),
  );
  for (const { pusher, puller } of pairs) {
    const isPairMissing = isPeerMissing(pusher) || isPeerMissing(puller);
    test.skipIf(isPairMissing)(
      `${pusher.name} pushes, ${puller.name} pulls`,
      async () => {
        const peers = registryPeers(folder);
        const byName = (name: string) => peers.find((peer) => peer.name === name);
        const target = `${registry.domain}/from-${pusher.name}:${puller.name}`;
        await byName(pusher.name)?.push(await layeredLayout(), target);
        const pulled = await byName(puller.name)?.pull(target);
        expect(pulled?.manifest).toBe(await digestInRegistry(target));
        // A program that packs layers anew makes another manifest of the same image.
        expect(pulled?.config).toBe(readLayout(await layeredLayout()).config);
      },
      120_000,
    );
  }

  test("ocicat pushes and pulls every blob as it was", async () => {
    const layout = await layeredLayout();
    const ocicat = new Ocicat(folder);
    const target = `${registry.domain}/identical:1`;
    await ocicat.push(layout, target);
    expect(await digestInRegistry(target)).toBe(readLayout(layout).manifest);
    await ocicat.pull(target);
    expect(blobFiles(ocicat.storeFolder)).toEqual(blobFiles(layout));
  });

  async function digestInRegistry(name: string): Promise<string> {
    const [, path, tag] = /^[^/]+\/(.+):([^:]+)$/.exec(name) ?? [];
    const response = await fetch(`${registry.url}/v2/${path}/manifests/${tag}`, {
      method: "HEAD",
      headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
    });
    return response.headers.get("docker-content-digest") ?? "";
  }
});
