// Where the peers' lane keeps what is slow to make: Go programs and images.
//
//   ${XDG_CACHE_HOME:-~/.cache}/ocicat/peers/NAME-HASH/     one finished thing; HASH covers its recipe
//                                            NAME-HASH.making.PID/   one in the making
//
// A thing appears by a rename, so one that is there is whole; the making of a killed run is
// removed by the next.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

export type Recipe = {
  readonly name: string;
  /** Everything that decides the result: versions, options, file contents. */
  readonly ingredients: readonly string[];
  /** Fills the folder, which exists and is empty. */
  readonly make: (folder: string) => Promise<void>;
};

export function cacheFolder(): string {
  const caches = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return join(caches, "ocicat/peers");
}

/** Where the finished thing is, or would be. */
export function folderOf({ name, ingredients }: Recipe): string {
  const hash = createHash("sha256").update(JSON.stringify(ingredients)).digest("hex");
  return join(cacheFolder(), `${name}-${hash.slice(0, 16)}`);
}

/** Returns the folder of the finished thing; makes it first when it is not there. */
export async function madeOnce(recipe: Recipe): Promise<string> {
  const folder = folderOf(recipe);
  if (existsSync(folder)) {
    return folder;
  }
  await removeMakings(recipe.name);
  const making = `${folder}.making.${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    await recipe.make(making);
    await publish(making, folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return folder;
}

/** Another process that made the same thing meanwhile wins: both are equal. */
async function publish(making: string, folder: string): Promise<void> {
  try {
    await rename(making, folder);
  } catch (error) {
    if (!existsSync(folder)) {
      throw error;
    }
  }
}

async function removeMakings(name: string): Promise<void> {
  const entries = existsSync(cacheFolder()) ? await readdir(cacheFolder()) : [];
  for (const entry of entries) {
    const match = /^(.+)-[0-9a-f]{16}\.making\.([0-9]+)$/.exec(entry);
    if (match?.[1] === name && !existsSync(`/proc/${match[2]}`)) {
      await rm(join(cacheFolder(), entry), { recursive: true, force: true });
    }
  }
}
