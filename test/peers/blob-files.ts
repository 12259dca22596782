// What the blobs folder of an OCI image layout has in it, for comparing two.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** By "ALGORITHM/HEX": the hash of what the file has in it, which need not be what its name says. */
export function blobFiles(layout: string): Record<string, string> {
  const blobs = join(layout, "blobs");
  const files = readdirSync(blobs).flatMap((algorithm) =>
    readdirSync(join(blobs, algorithm)).map((name) => `${algorithm}/${name}`),
  );
  const hash = (file: string): string =>
    new Bun.CryptoHasher("sha256").update(readFileSync(join(blobs, file))).digest("hex");
  return Object.fromEntries(files.sort().map((file) => [file, hash(file)]));
}
