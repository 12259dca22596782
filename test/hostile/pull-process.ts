// Pulls an image or removes one, in a process of its own, which a test kills at some moment:
//
//   bun pull-process.ts '{"verb": "pull", "root": ..., "name": "localhost:5000/app:1", "format": "erofs"}'
//
// Prints a line when it begins, and one when it is done.

import { writeSync } from "node:fs";
import { collectGarbage } from "../../src/image/content/collect-garbage.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import type { LayerFormat } from "../../src/image/record.ts";
import { RegistryClient } from "../../src/image/registry/registry-client.ts";
import { pullImage } from "../../src/image/transfer/pull-image.ts";

export interface PullRequest {
  readonly verb: "pull" | "rmi";
  readonly root: string;
  readonly name: string;
  readonly format: LayerFormat;
}

export async function doRequest(request: PullRequest): Promise<void> {
  const { verb, root, name, format } = request;
  using store = new ContentStore(root);
  if (verb === "rmi") {
    await store.removeName(name);
    await collectGarbage(store);
    return;
  }
  const client = new RegistryClient({ hostsFolders: [] });
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  await pullImage({ store, client }, name, { platform: { os: "linux", architecture }, format });
}

if (import.meta.main) {
  const request: PullRequest = JSON.parse(process.argv.at(-1) ?? "");
  writeSync(1, "begun\n");
  await doRequest(request);
  writeSync(1, "done\n");
}
