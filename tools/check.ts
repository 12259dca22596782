// `npm run check`: format, lint and types, of the whole repository or of the paths given.

import { captureCommand, runCommand, runTool } from "./processes.ts";

await runTool(async () => {
  const paths = process.argv.slice(2);
  await runCommand(["node_modules/.bin/biome", "check", ...paths]);
  await captureCommand(["node_modules/.bin/tsc", "--noEmit", "-p", "."]);
});
