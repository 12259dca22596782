// `npm run generate`: runs every tools/generate-*.ts, which write the code that is made from tables.
// With --check they write nothing and fail where the committed code differs.

import { Glob } from "bun";
import { runCommand, runTool } from "./processes.ts";
import { BUN_FLAGS, REPOSITORY } from "./repository.ts";

export function listGenerators(): string[] {
  const glob = new Glob("tools/generate-*.ts");
  return [...glob.scanSync({ cwd: REPOSITORY })]
    .filter((path) => !path.endsWith(".test.ts"))
    .sort();
}

if (import.meta.main) {
  await runTool(async () => {
    for (const generator of listGenerators()) {
      await runCommand([process.execPath, ...BUN_FLAGS, generator, ...process.argv.slice(2)]);
    }
  });
}
