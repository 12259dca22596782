// TOML, by Bun's parser. The quick program has another file in the place of this one: src/quick/toml.ts.

import { OcicatError, quote } from "../error/ocicat-error.ts";

export interface TomlFile {
  readonly path: string;
  readonly text: string;
}

/** Throws OcicatError (invalid-config) with the line that is wrong. */
export function parseToml({ path, text }: TomlFile): object {
  try {
    return Bun.TOML.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: quote(path),
      reason: `line ${lineOfFault(text)}: ${message.replace(/^TOML Parse error: /, "")}`,
      cause: error,
    });
  }
}

/**
 * Where the statement begins that the parser cannot read, which does not tell: behind the longest
 * beginning of the file that is TOML.
 */
function lineOfFault(text: string): number {
  const lines = text.split("\n");
  const isRight = (count: number) => {
    try {
      Bun.TOML.parse(lines.slice(0, count).join("\n"));
      return true;
    } catch {
      return false;
    }
  };
  let count = lines.length - 1;
  while (count > 0 && !isRight(count)) {
    count -= 1;
  }
  const isStatement = (line: string) => /^\s*[^\s#]/.test(line);
  return lines.findIndex((line, index) => index >= count && isStatement(line)) + 1;
}
