// Sends a plan to a registry: blobs side by side, then the manifests, then what the tag leads to. A blob
// that the registry has, in this repository or in another one, is not sent.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-types.ts";
import type { ImageReference } from "../../oci/reference.ts";
import type { ImageEvent, LayerPhase } from "../image-event.ts";
import type { ImageSource } from "../image-source.ts";
import { TaskGroup } from "../layers/task-group.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import type { PushPlan } from "./push-plan.ts";

export interface PushContentRequest {
  readonly client: RegistryClient;
  readonly source: ImageSource;
  readonly plan: PushPlan;
  readonly target: ImageReference;
  /** Other repositories of the target's registry that may have a blob; the likeliest first. */
  readonly repositoriesOf: (digest: Digest) => readonly string[];
  /** 4 when absent. */
  readonly parallel?: number;
  readonly onEvent?: (event: ImageEvent) => void;
  readonly signal?: AbortSignal;
}

const PARALLEL = 4;
/** A repository that has lost the blob costs a request. */
const MOST_MOUNTS = 3;

/** Returns the digest that the registry calls it by: it may prefer another algorithm. */
export async function pushContent(request: PushContentRequest): Promise<Digest> {
  const { client, plan, target } = request;
  const { domain, path } = target;
  await inParallel(request, plan.blobs, (blob, signal) => pushBlob(request, blob, signal));
  const indexes = plan.below.filter(({ descriptor }) => isIndexType(descriptor.mediaType));
  const leaves = plan.below.filter((each) => !indexes.includes(each));
  await inParallel(request, leaves, async ({ descriptor, content }) => {
    const { mediaType, digest } = descriptor;
    await client.putManifest({ domain, path, digest }, { content, mediaType });
  });
  for (const { descriptor, content } of indexes) {
    const { mediaType, digest } = descriptor;
    await client.putManifest({ domain, path, digest }, { content, mediaType });
  }
  const { descriptor, content } = plan.top;
  return await client.putManifest(target, { content, mediaType: descriptor.mediaType });
}

async function inParallel<Item>(
  request: PushContentRequest,
  items: readonly Item[],
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const group = new TaskGroup(request.parallel ?? PARALLEL, request.signal);
  for (const item of items) {
    group.queue(() => work(item, group.signal)).catch(() => undefined);
  }
  await group.finish();
}

async function pushBlob(
  request: PushContentRequest,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<void> {
  const { client, source, target, repositoriesOf, onEvent } = request;
  const { digest, size } = descriptor;
  const report = (phase: LayerPhase, bytes: number): void =>
    onEvent?.({ kind: "layer", digest, phase, bytes, of: size });
  if (await client.hasBlob(target, digest)) {
    report("exists", size);
    return;
  }
  if (await mount(client, target, digest, repositoriesOf(digest))) {
    report("mounted-from", size);
    return;
  }
  report("uploading", 0);
  await client.uploadBlob(
    target,
    {
      descriptor,
      open: (offset) => source.blob(descriptor, offset, signal),
      onProgress: (bytes) => report("uploading", bytes),
    },
    signal,
  );
  report("done", size);
}

/** Whether the target has a blob, or has just taken it from another of its repositories. */
export async function isThere(
  client: RegistryClient,
  target: ImageReference,
  { digest }: Descriptor,
  repositories: readonly string[],
): Promise<boolean> {
  return (
    (await client.hasBlob(target, digest)) || (await mount(client, target, digest, repositories))
  );
}

async function mount(
  client: RegistryClient,
  target: ImageReference,
  digest: Digest,
  repositories: readonly string[],
): Promise<boolean> {
  const others = repositories.filter((repository) => repository !== target.path);
  for (const repository of others.slice(0, MOST_MOUNTS)) {
    if (await client.mountBlob(target, digest, repository)) {
      return true;
    }
  }
  return false;
}
