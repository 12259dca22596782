// Patterns as Go's path.Match has them: * any letters but a slash, ? one of them, [a-z] a class.

const PIECE = /\*|\?|\[(\^?)((?:\\.|[^\]\\])+)\]|\\(.)|([\s\S])/g;

/** For a whole text. Undefined: the pattern is none. */
export function globPattern(pattern: string): RegExp | undefined {
  let source = "";
  for (const [piece, negation, members, escaped] of pattern.matchAll(PIECE)) {
    if (piece === "[" || piece === "\\") {
      return undefined;
    }
    if (piece === "*") {
      source += "[^/]*";
    } else if (piece === "?") {
      source += "[^/]";
    } else if (members === undefined) {
      source += RegExp.escape(escaped ?? piece);
    } else {
      source += `[${negation}${members.replaceAll(/[[\]^]/g, "\\$&")}]`;
    }
  }
  try {
    return new RegExp(`^${source}$`);
  } catch {
    return undefined;
  }
}
