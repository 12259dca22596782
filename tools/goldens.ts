// `npm run goldens [-- FILE.test.ts...]`: renews the texts that golden tests compare with
// (test/golden/expect-golden.ts). Read the difference before committing it.

import { runCommand, runTool } from "./processes.ts";
import { readSources } from "./tidy/source-file.ts";

await runTool(async () => {
  const named = process.argv.slice(2);
  const tests = await readSources("{src,test}/**/*.test.ts");
  const using = tests.filter(({ text }) => text.includes("expectGolden(")).map(({ path }) => path);
  const paths = (named.length > 0 ? named : using).map((path) => `./${path}`);
  await runCommand([process.execPath, "test", "--timeout=30000", ...paths], {
    OCICAT_RENEW_GOLDENS: "1",
  });
});
