// The runtime that the peers drive: what `npm run build` made. Set OCICAT_TEST_RUNTIME to an
// absolute path to hold another one (runc, say) against the same tests: a test that fails with it too
// tells nothing about ours.

import { join } from "node:path";

export const RUNTIME =
  process.env["OCICAT_TEST_RUNTIME"] ?? join(import.meta.dir, "../../dist/ocicat-runtime");
