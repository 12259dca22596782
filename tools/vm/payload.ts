// Makes the payload disk: the checkout with what was built, Bun, and the plan of the guest's work.

import { existsSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../processes.ts";
import { REPOSITORY } from "../repository.ts";
import { makeExt4Disk } from "./disk.ts";
import { PLAN_PATH, type Plan } from "./verdict.ts";

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

/** Writes the ext4 image `disk`; `work` is a folder for the time of the call. */
export async function makePayload(plan: Plan, work: string, disk: string): Promise<void> {
  const tree = join(work, "payload");
  await mkdir(tree);
  const paths = CONTENT.map((name) => join(REPOSITORY, name)).filter((path) => existsSync(path));
  await runCommand(["cp", "-a", "--reflink=auto", ...paths, tree]);
  await addBun(tree);
  await Bun.write(join(tree, PLAN_PATH), JSON.stringify(plan));
  await makeExt4Disk(disk, IMAGE_SIZE, tree);
  await rm(tree, { recursive: true });
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
