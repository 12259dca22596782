// What is pulled, loaded and unpacked: one image of about 230 MB, in each form that a program takes.

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../peers/command.ts";
import { IMAGE_TAG } from "../../peers/images.ts";
import { serverLayout } from "../../peers/registry-images.ts";
import type { TestRegistry } from "../../testing/registry.ts";

export interface Subjects {
  /** In the registry. */
  readonly reference: string;
  /** What loaded images are called. */
  readonly loadedName: string;
  /** A docker archive, whose layers are not compressed. */
  readonly archive: string;
  /** An OCI image layout with one gzip layer. */
  readonly layout: string;
  /** The same layer alone, as a well-formed archive. */
  readonly compressedLayer: string;
  readonly layer: string;
  readonly layerBytes: number;
}

export async function makeSubjects(folder: string, registry: TestRegistry): Promise<Subjects> {
  const layout = await serverLayout();
  const source = `oci:${layout}:${IMAGE_TAG}`;
  const reference = `${registry.domain}/server:latest`;
  const loadedName = "bench.test/server:latest";
  const archive = join(folder, "server.tar");
  const copy = ["skopeo", "--insecure-policy", "copy", "--quiet"];
  await must([...copy, "--dest-tls-verify=false", source, `docker://${reference}`]);
  await must([...copy, source, `docker-archive:${archive}:${loadedName}`]);
  const layer = join(folder, "layer.tar");
  // umoci leaves out the end of the archive, at which tar complains.
  const script = '{ zcat "$1"; head -c 10240 /dev/zero; } > "$2"; truncate -s %10240 "$2"';
  await must(["sh", "-c", script, "sh", largestBlob(layout), layer]);
  await must(["gzip", "-6", "--keep", layer], { seconds: 300 });
  return {
    reference,
    loadedName,
    archive,
    layout,
    compressedLayer: `${layer}.gz`,
    layer,
    layerBytes: statSync(layer).size,
  };
}

function largestBlob(layout: string): string {
  const folder = join(layout, "blobs/sha256");
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const [largest = ""] = paths.sort((one, other) => statSync(other).size - statSync(one).size);
  return largest;
}
