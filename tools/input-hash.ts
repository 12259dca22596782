// A hash over the files that an output is made from, which tells whether the output is current.

import { Glob } from "bun";
import { REPOSITORY } from "./repository.ts";

export interface Inputs {
  /** Globs below the folder. */
  readonly globs: readonly string[];
  readonly isExcluded: (path: string) => boolean;
  /** What else decides the output: versions, flags. */
  readonly facts: readonly string[];
}

/** Every input file, sorted, relative to the folder. */
export function listInputs(inputs: Inputs, folder = REPOSITORY): string[] {
  const paths = new Set<string>();
  for (const pattern of inputs.globs) {
    for (const path of new Glob(pattern).scanSync({ cwd: folder, onlyFiles: true })) {
      if (!inputs.isExcluded(path)) {
        paths.add(path);
      }
    }
  }
  return [...paths].sort();
}

export async function hashInputs(inputs: Inputs, folder = REPOSITORY): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for (const fact of inputs.facts) {
    hasher.update(`${fact.length}:${fact}`);
  }
  for (const path of listInputs(inputs, folder)) {
    const content = await Bun.file(`${folder}/${path}`).bytes();
    hasher.update(`${path}\0${content.length}\0`);
    hasher.update(content);
  }
  return hasher.digest("hex");
}

/** The hash that a stamp file holds, if the file is there. */
export async function readStamp(path: string): Promise<string | undefined> {
  const file = Bun.file(path);
  return (await file.exists()) ? (await file.text()).trim() : undefined;
}
