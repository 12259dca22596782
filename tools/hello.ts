// `npm start`: builds ocicat and runs the built-in `hello` container, which prints what isolates it.

import { build } from "./build.ts";
import { runCommand, runTool } from "./processes.ts";
import { DIST } from "./repository.ts";

await runTool(async () => {
  await build();
  await runCommand([DIST.launchers[0], "run", "--rm", "hello", ...process.argv.slice(2)]);
});
