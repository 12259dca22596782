// Makes the payload disk, which all guests read: the checkout with what was built, Bun, and the plans of their work.

import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../processes.ts";
import { REPOSITORY } from "../repository.ts";
import { Disk, makeExt4Disk } from "./disk.ts";
import { PLANS_PATH, type Plan } from "./verdict.ts";

/** What of the checkout a test may want. node_modules is Bun alone: tests import no package. */
const CONTENT = [
  "bin",
  "bunfig.toml",
  "dist",
  "docs",
  "examples",
  "native",
  "package.json",
  "src",
  "test",
  "tools",
  "tsconfig.json",
];

/** Its free space is what the guest may write there. */
const IMAGE_SIZE = 1024 * 1024 * 1024;

/** The plans' names tell them apart. */
export function makePayload(plans: readonly Plan[]): Promise<Disk> {
  return Disk.make(async (path) => {
    const tree = `${path}.tree`;
    await mkdir(tree);
    await fillTree(tree, plans);
    await makeExt4Disk(path, IMAGE_SIZE, tree);
  });
}

async function fillTree(tree: string, plans: readonly Plan[]): Promise<void> {
  const paths = CONTENT.map((name) => join(REPOSITORY, name)).filter((path) => existsSync(path));
  await runCommand(["cp", "-a", "--reflink=auto", ...paths, tree]);
  await addBun(tree);
  await Bun.write(join(tree, PLANS_PATH), JSON.stringify(plans));
}

/** The program itself at the place where its package has it, under the names that callers use. */
async function addBun(tree: string): Promise<void> {
  const modules = join(tree, "node_modules");
  await mkdir(join(modules, "bun/bin"), { recursive: true });
  await mkdir(join(modules, ".bin"));
  await mkdir(join(modules, ".ocicat"));
  await runCommand([
    "cp",
    "-L",
    "--reflink=auto",
    process.execPath,
    join(modules, "bun/bin/bun.exe"),
  ]);
  await symlink("../bun/bin/bun.exe", join(modules, ".bin/bun"));
  await symlink("../bun/bin/bun.exe", join(modules, ".ocicat/bun"));
}
