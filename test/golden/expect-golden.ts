// Compares a text with a golden: a plain .txt file that is committed and read by people.
//
// `npm run goldens` sets OCICAT_RENEW_GOLDENS and so writes them instead; git then shows what changed.

import { expect } from "bun:test";

const isRenewing = () => process.env["OCICAT_RENEW_GOLDENS"] === "1";

/** `path` is absolute: `join(import.meta.dir, "name.txt")`. `text` ends with a newline. */
export async function expectGolden(path: string, text: string): Promise<void> {
  if (isRenewing()) {
    await Bun.write(path, text);
  }
  const file = Bun.file(path);
  const golden = (await file.exists()) ? await file.text() : `there is no ${path}`;
  expect(text).toBe(golden);
}
