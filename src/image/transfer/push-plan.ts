// What a push consists of: the documents that a manifest or an index leads to, and their blobs. Where only
// some platforms of an index are there, one of them is pushed alone, as docker does it.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageManifest } from "../../oci/image-spec.ts";
import { isForeignLayer } from "../../oci/media-types.ts";
import { decodeImageDocument } from "../../oci/parse/image.ts";
import { choosePlatform, formatPlatform, type Platform } from "../../oci/platform.ts";
import { decodeText } from "../../sys/memory.ts";
import { DigestCheck } from "../digest-check.ts";
import type { ImageSource } from "../image-source.ts";

/** A source of which a part may be missing. */
export interface PushSource extends ImageSource {
  /** Whether `document` or `blob` can give it. */
  has(descriptor: Descriptor): boolean;
}

export interface PlannedDocument {
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
}

export interface PushPlan {
  /** What the target's tag is going to lead to. */
  readonly top: PlannedDocument;
  /** The manifests below an index, in the order that a registry has to get them. */
  readonly below: readonly PlannedDocument[];
  /** Each once; without layers that may not be passed on. */
  readonly blobs: readonly Descriptor[];
  /** For the user. */
  readonly notes: readonly string[];
}

export interface PlanRequest {
  readonly top: Descriptor;
  /** Of what is pushed alone where an index is not complete. */
  readonly platform: Platform;
  /** "alone": of an index, push the platform's manifest and nothing else. */
  readonly index?: "whole-if-there" | "alone";
  /** Layers that may not be passed on: "leave-out" when absent; "push" those that are there. */
  readonly foreignLayers?: "leave-out" | "push";
}

const DEEPEST_INDEX = 4;
const MOST_MANIFESTS = 10_000;

/** Throws "not-found" when nothing that could be pushed is there as a whole. */
export async function planPush(source: PushSource, request: PlanRequest): Promise<PushPlan> {
  const { top, platform, index } = request;
  const foreignLayers = request.foreignLayers ?? "leave-out";
  const root = await readTree(source, top, { depth: 0, count: 0, foreignLayers });
  if (root.kind !== "absent" && root.isComplete && !(root.kind === "index" && index === "alone")) {
    return planOf(root, []);
  }
  if (root.kind !== "index") {
    throw missing(top, firstMissing(root) ?? top.digest);
  }
  const leaves = leavesOf(root);
  const complete = leaves.filter((leaf) => leaf.isComplete);
  const chosen = complete[choosePlatform(platform, complete.map(platformOf))];
  if (chosen === undefined) {
    throw new OcicatError("not-found", {
      operation: "push",
      subject: `the index ${top.digest}`,
      reason: `nothing for ${formatPlatform(platform)} is in the store`,
      hint: "pull it with --platform, or all of it with --all-platforms",
    });
  }
  return planOf(chosen, index === "alone" ? [] : [noteOn(leaves, complete, chosen)]);
}

type Tree =
  | {
      readonly kind: "index";
      readonly document: PlannedDocument;
      readonly children: readonly Tree[];
      readonly isComplete: boolean;
    }
  | Leaf
  | { readonly kind: "absent"; readonly descriptor: Descriptor; readonly isComplete: false };

interface Leaf {
  readonly kind: "manifest";
  readonly document: PlannedDocument;
  readonly blobs: readonly Descriptor[];
  readonly missing: Digest | undefined;
  readonly isComplete: boolean;
}

interface Walk {
  readonly depth: number;
  readonly foreignLayers: "leave-out" | "push";
  count: number;
}

async function readTree(source: PushSource, descriptor: Descriptor, walk: Walk): Promise<Tree> {
  walk.count += 1;
  checkBounds(descriptor, walk);
  if (!source.has(descriptor)) {
    return { kind: "absent", descriptor, isComplete: false };
  }
  const content = await source.document(descriptor);
  verify(content, descriptor);
  const document = { descriptor, content };
  const subject = `the document ${descriptor.digest}`;
  const decoded = decodeImageDocument(decodeText(content), descriptor.mediaType, { subject });
  if (decoded.kind === "manifest") {
    return leafOf(source, document, decoded.manifest, walk);
  }
  const children: Tree[] = [];
  const below = { ...walk, depth: walk.depth + 1 };
  for (const child of decoded.index.manifests) {
    children.push(await readTree(source, child, below));
  }
  walk.count = below.count;
  const isComplete = children.every((child) => child.isComplete);
  return { kind: "index", document, children, isComplete };
}

function leafOf(
  source: PushSource,
  document: PlannedDocument,
  manifest: ImageManifest,
  { foreignLayers }: Walk,
): Leaf {
  const layers = manifest.layers.filter(
    (layer) => !isForeignLayer(layer.mediaType) || (foreignLayers === "push" && source.has(layer)),
  );
  const blobs = [manifest.config, ...layers];
  const absent = blobs.find((blob) => !source.has(blob));
  return {
    kind: "manifest",
    document,
    blobs,
    missing: absent?.digest,
    isComplete: absent === undefined,
  };
}

function planOf(root: Tree, notes: readonly string[]): PushPlan {
  const documents = [...documentsOf(root)];
  const blobs = new Map<Digest, Descriptor>();
  for (const leaf of leavesOf(root)) {
    for (const blob of leaf.blobs) {
      blobs.set(blob.digest, blob);
    }
  }
  const top = documents.pop();
  if (top === undefined) {
    throw new OcicatError("internal", {
      operation: "push",
      subject: "an image",
      reason: "it has no documents",
    });
  }
  return { top, below: unique(documents), blobs: [...blobs.values()], notes };
}

/** Children before their parents. */
function* documentsOf(tree: Tree): Generator<PlannedDocument, void> {
  if (tree.kind === "index") {
    for (const child of tree.children) {
      yield* documentsOf(child);
    }
  }
  if (tree.kind !== "absent") {
    yield tree.document;
  }
}

function leavesOf(tree: Tree): readonly Leaf[] {
  if (tree.kind === "index") {
    return tree.children.flatMap(leavesOf);
  }
  return tree.kind === "manifest" ? [tree] : [];
}

function unique(documents: readonly PlannedDocument[]): readonly PlannedDocument[] {
  return [...new Map(documents.map((each) => [each.descriptor.digest, each])).values()];
}

function platformOf({ document }: Leaf): Platform | undefined {
  return document.descriptor.platform;
}

function noteOn(leaves: readonly Leaf[], complete: readonly Leaf[], chosen: Leaf): string {
  const platform = platformOf(chosen);
  const name = platform === undefined ? "one platform" : formatPlatform(platform);
  const others = complete.length > 1 ? `, though ${complete.length} are there` : "";
  return (
    `not all platforms of the image are in the store: ${name} is pushed alone${others}, ` +
    `as ${chosen.document.descriptor.digest} instead of the index of ${leaves.length}`
  );
}

function firstMissing(tree: Tree): Digest | undefined {
  return tree.kind === "manifest" ? tree.missing : undefined;
}

function missing(top: Descriptor, digest: Digest): OcicatError {
  return new OcicatError("not-found", {
    operation: "push",
    subject: `the image ${top.digest}`,
    reason: `its blob ${digest} is not in the store`,
    hint: "pull the image again",
  });
}

function checkBounds(descriptor: Descriptor, { depth, count }: Walk): void {
  if (depth > DEEPEST_INDEX || count > MOST_MANIFESTS) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: `the index ${descriptor.digest}`,
      reason:
        depth > DEEPEST_INDEX
          ? `indexes are nested more than ${DEEPEST_INDEX} deep`
          : `it leads to more than ${MOST_MANIFESTS} manifests`,
    });
  }
}

function verify(content: Uint8Array, { digest, size }: Descriptor): void {
  const subject = `the document ${digest}`;
  if (content.length !== size) {
    const reason = `it has ${content.length} bytes instead of ${size}`;
    throw new OcicatError("invalid-config", { operation: "verify", subject, reason });
  }
  const check = new DigestCheck(digest);
  check.update(content);
  check.verify(subject);
}
