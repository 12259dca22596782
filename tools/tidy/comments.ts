// Work that is left over belongs to the issue tracker: no comment may announce it.

import { checkLines, type SourceFile } from "./source-file.ts";

const MARKS = ["TODO", "FIXME", "XXX", "HACK"];
const LEFT_OVER = new RegExp(`(?://|/?\\*|#).*\\b(${MARKS.join("|")})\\b`);

export function checkComments(source: SourceFile): string[] {
  return checkLines(source, (line) => {
    const match = LEFT_OVER.exec(line);
    return match === null ? undefined : `a comment says ${match[1]}: do it or file an issue`;
  });
}
