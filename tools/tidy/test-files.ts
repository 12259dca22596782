// A test file that expects nothing proves nothing.

import type { SourceFile } from "./source-file.ts";

const DEFINES_TEST = /\b(?:test|it)(?:\.\w+)*[<(]/;
const EXPECTS = /\bexpect(?:\.\w+)?\(|\bcheck\w*\(/;

export function checkTestFile(source: SourceFile): string[] {
  if (!DEFINES_TEST.test(source.text)) {
    return [`${source.path}: defines no test`];
  }
  return EXPECTS.test(source.text) ? [] : [`${source.path}: expects nothing`];
}
