// Checks that every image of index.json is whole, and that the database says of it what is so.

import type { Digest } from "../../oci/digest.ts";
import { isForeignLayer } from "../../oci/media-types.ts";
import type { Store } from "../../store/layout.ts";
import { statAt } from "../../sys/file.ts";
import { layerFileName } from "../layers/layer-names.ts";
import { blobSize } from "./blob-folder.ts";
import type { Discovery } from "./check-finding.ts";
import { databaseProblem } from "./database.ts";
import { removeDatabase } from "./database-files.ts";
import { imageFacts } from "./image-facts.ts";
import { type ImageGraph, imageGraph } from "./image-graph.ts";
import { Metadata } from "./metadata.ts";
import { dropStandIns, readNames, readStandIns } from "./name-index.ts";

/** `damaged`: blobs that are not what their names say. */
export function* checkImages(store: Store, damaged: ReadonlySet<Digest>): Generator<Discovery> {
  const seen = new Set<Digest>();
  const names = readNames(store);
  for (const { descriptor } of names) {
    const { digest } = descriptor;
    if (seen.has(digest)) {
      continue;
    }
    seen.add(digest);
    const own = names.flatMap((each) =>
      each.descriptor.digest === digest && each.name !== undefined ? [each.name] : [],
    );
    for (const { missing, reason } of problemsOf(store, imageGraph(store, descriptor), damaged)) {
      yield { found: { kind: "image", digest, names: own, missing, reason } };
    }
  }
}

/** The image itself may be whole: its names lead to it again then, until it is named anew. */
export function* checkStandIns(store: Store, damaged: ReadonlySet<Digest>): Generator<Discovery> {
  for (const { subject, descriptor } of readStandIns(store)) {
    const { faults, indexes, manifests } = imageGraph(store, descriptor);
    const own = [...indexes, ...manifests.map((each) => each.descriptor.digest)];
    const isSound = faults.length === 0 && !own.some((digest) => damaged.has(digest));
    if (!isSound) {
      const reason = `what it shows to other programs of ${subject} is not whole`;
      yield {
        found: { kind: "store-file", name: "index.json", reason },
        repair: () => dropStandIns(store, new Set([descriptor.digest])),
      };
    }
  }
}

interface Problem {
  readonly missing: Digest;
  readonly reason: string;
}

function* problemsOf(
  store: Store,
  graph: ImageGraph,
  damaged: ReadonlySet<Digest>,
): Generator<Problem> {
  for (const { digest, part, reason } of graph.faults) {
    yield { missing: digest, reason: `the ${part} ${digest}: ${reason}` };
  }
  const [index] = graph.indexes;
  if (index !== undefined && graph.manifests.length === 0 && graph.faults.length === 0) {
    yield { missing: index, reason: `nothing of what ${index} lists is here` };
  }
  const faulty = new Set(graph.faults.map(({ digest }) => digest));
  const replaced = layersInOtherForm(store, graph);
  for (const { digest, size, mediaType } of graph.others) {
    // Foreign layers need not be anywhere but where they come from.
    const mayBeAbsent = replaced.has(digest) || isForeignLayer(mediaType);
    const present = blobSizeIfAny(store, digest) ?? (mayBeAbsent ? size : undefined);
    const reason = contentProblem(present, size, damaged.has(digest));
    if (reason !== undefined && !faulty.has(digest)) {
      yield { missing: digest, reason: `the blob ${digest} ${reason}` };
    }
  }
}

function contentProblem(
  present: number | undefined,
  size: number,
  isDamaged: boolean,
): string | undefined {
  if (present === undefined) {
    return "is missing";
  }
  if (isDamaged) {
    return "is damaged";
  }
  return present === size ? undefined : `has ${present} bytes instead of ${size}`;
}

/** What is no regular file is reported as a blob. */
function blobSizeIfAny(store: Store, digest: Digest): number | undefined {
  try {
    return blobSize(store, digest);
  } catch {
    return undefined;
  }
}

/** Compressed layers of which only the layer file is kept. */
function layersInOtherForm(store: Store, { manifests }: ImageGraph): ReadonlySet<Digest> {
  const kept = manifests.flatMap(({ manifest, image }) =>
    manifest.layers.filter((_, index) => {
      const diffId = image?.rootfs.diff_ids[index];
      const name = diffId === undefined ? undefined : layerFileName(diffId);
      return name !== undefined && statAt(store.layers.number, name) !== undefined;
    }),
  );
  return new Set(kept.map(({ digest }) => digest));
}

export function* checkDatabase(store: Store): Generator<Discovery> {
  const repair = (): void => {
    removeDatabase(store.root);
  };
  const problem = databaseProblem(store.root);
  if (problem !== undefined) {
    yield { found: { kind: "database", reason: problem }, repair };
    return;
  }
  const graphs = readNames(store).map(({ descriptor }) => imageGraph(store, descriptor));
  const facts = graphs
    .filter(({ faults }) => faults.length === 0)
    .flatMap(({ manifests }) => manifests.map(imageFacts));
  const remembered = new Metadata(store.root).findFacts(facts.map(({ manifest }) => manifest));
  const wrong = facts.find((each) => {
    const known = remembered.get(each.manifest);
    return known !== undefined && JSON.stringify(known) !== JSON.stringify(each);
  });
  if (wrong !== undefined) {
    const reason = `what it says of ${wrong.manifest} is not so`;
    yield { found: { kind: "database", reason }, repair };
  }
}
