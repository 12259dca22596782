// From the store to a registry, byte for byte; and from one registry to another without storing anything.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Platform } from "../../oci/platform.ts";
import {
  formatReference,
  type ImageReference,
  parseReference,
  withDefaultTag,
} from "../../oci/reference.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { Metadata } from "../content/metadata.ts";
import { readReferrers } from "../content/referrer-index.ts";
import type { ImageEvent } from "../image-event.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import { OriginSource } from "./origin-source.ts";
import type { TransferPlace } from "./pull-image.ts";
import { isThere, pushContent } from "./push-content.ts";
import { type PlanRequest, type PushPlan, type PushSource, planPush } from "./push-plan.ts";
import { pushReferrers } from "./push-referrers.ts";
import { type PushForm, recompressForPush } from "./recompressed-source.ts";
import { RegistrySource } from "./registry-source.ts";
import { StoreSource } from "./store-source.ts";
import { type ReferrersOf, referrersIn } from "./walk-referrers.ts";

export interface PushOptions {
  /** This machine's, or the one that is wanted. */
  readonly platform: Platform;
  /** "alone": of an index, push the platform's manifest and nothing else. */
  readonly index?: PlanRequest["index"];
  readonly foreignLayers?: PlanRequest["foreignLayers"];
  /** Also what refers to it: signatures, lists of parts. */
  readonly referrers?: boolean;
  /** Absent: byte for byte as it is in the store. */
  readonly form?: PushForm | undefined;
  /**
   * What the store does not have: "leave-out" other platforms than the one that is there, or "fetch" it
   * from where it is known to be. "leave-out" when absent.
   */
  readonly missing?: "leave-out" | "fetch";
  /** For names without a registry; "docker.io" when absent. */
  readonly defaultDomain?: string;
  /** Blobs that are uploaded at the same time; 4 when absent. */
  readonly parallel?: number;
  readonly onEvent?: (event: ImageEvent) => void;
  readonly signal?: AbortSignal;
}

export interface PushResult {
  /** Where it is now: "docker.io/library/debian:12". */
  readonly name: string;
  /** Of what the name leads to there; not that of the source if only one platform of it was there. */
  readonly descriptor: Descriptor;
}

/**
 * Pushes what a descriptor of the store leads to. Throws "invalid-argument" for a target with a digest,
 * "not-found" when the store has no whole image, and what the client throws.
 */
export async function pushImage(
  { store, client }: TransferPlace,
  source: Descriptor,
  target: string,
  options: PushOptions,
): Promise<PushResult> {
  const reference = parseTarget(target, options);
  using resources = new DisposableStack();
  resources.use(store.lease(`push ${target}`)).protect(source.digest);
  const { Metadata } = await import("../content/metadata.ts");
  const metadata = new Metadata(store.root);
  const repositoriesOf = (digest: Digest): readonly string[] =>
    repositoriesOn(reference.domain, metadata, digest);
  const stored = new StoreSource(store);
  const local = options.missing === "fetch" ? new OriginSource(stored, client, metadata) : stored;
  const restored = await recompressForPush({
    ...options,
    store,
    local,
    top: source,
    resources,
    isAtTarget: (layer) => isThere(client, reference, layer, repositoriesOf(layer.digest)),
  });
  const { plan, result } = await push(
    {
      client,
      source: local,
      top: source,
      ...restored,
      repositoriesOf,
      referrersOf: storedReferrers(store),
    },
    reference,
    options,
  );
  const documents = [...plan.below, plan.top].map(({ descriptor }) => descriptor.digest);
  const digests = [...documents, ...plan.blobs.map(({ digest }) => digest)];
  metadata.noteSource(`${reference.domain}/${reference.path}`, digests);
  return result;
}

/** Copies from a registry to a registry, all platforms, unless `index` is "alone". */
export async function copyImage(
  client: RegistryClient,
  source: string,
  target: string,
  options: PushOptions,
): Promise<PushResult> {
  const from = withDefaultTag(parseReference(source, domainOption(options)));
  const top = await client.resolve(from);
  options.onEvent?.({ kind: "resolved", name: formatReference(from), digest: top.digest });
  const to = parseTarget(target, options);
  const request = {
    client,
    source: new RegistrySource(client, from),
    top,
    repositoriesOf: () => (from.domain === to.domain ? [from.path] : []),
    referrersOf: referrersIn(client, from),
  };
  const { result } = await push(request, to, options);
  return result;
}

interface PushRequest {
  readonly client: RegistryClient;
  readonly source: PushSource;
  readonly top: Descriptor;
  readonly repositoriesOf: (digest: Digest) => readonly string[];
  readonly referrersOf: ReferrersOf;
}

async function push(
  { client, source, top, repositoriesOf, referrersOf }: PushRequest,
  target: ImageReference,
  options: PushOptions,
): Promise<{ readonly plan: PushPlan; readonly result: PushResult }> {
  const { platform, index, foreignLayers, onEvent } = options;
  const plan = await planPush(source, {
    top,
    platform,
    ...(index === undefined ? {} : { index }),
    ...(foreignLayers === undefined ? {} : { foreignLayers }),
  });
  for (const text of plan.notes) {
    onEvent?.({ kind: "note", text });
  }
  const digest = await pushContent({ ...options, client, source, plan, target, repositoriesOf });
  if (options.referrers === true) {
    const subjects = [plan.top, ...plan.below].map(({ descriptor }) => descriptor.digest);
    const request = { client, source, referrersOf, target, repositoriesOf };
    await pushReferrers(request, subjects, options);
  }
  const name = formatReference(target);
  onEvent?.({ kind: "resolved", name, digest });
  return { plan, result: { name, descriptor: { ...plan.top.descriptor, digest } } };
}

function storedReferrers(store: ContentStore): ReferrersOf {
  const stored = readReferrers(store.folders);
  return (digest) => Promise.resolve(stored.filter(({ subject }) => subject === digest));
}

/** Paths of the repositories of a registry that are known to have a blob. */
function repositoriesOn(domain: string, metadata: Metadata, digest: Digest): readonly string[] {
  const prefix = `${domain}/`;
  return metadata
    .sourcesOf(digest)
    .filter((repository) => repository.startsWith(prefix))
    .map((repository) => repository.slice(prefix.length));
}

function parseTarget(target: string, options: PushOptions): ImageReference {
  const reference = parseReference(target, domainOption(options));
  if (reference.digest !== undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "push",
      subject: quote(target),
      reason: "the target is a digest, which follows from the content",
      hint: "name a tag, or none",
    });
  }
  return withDefaultTag(reference);
}

function domainOption({ defaultDomain }: PushOptions): { defaultDomain?: string } {
  return defaultDomain === undefined ? {} : { defaultDomain };
}
