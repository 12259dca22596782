// The repository speaks of the project alone: not of the machine or the conversation it was made in.

import { checkLines, type SourceFile } from "./source-file.ts";

const FOREIGN: readonly { pattern: RegExp; problem: string }[] = [
  {
    pattern:
      /(?<![\w./-])\/(?:work\/(?:main|shared|notes)|home\/[a-z]+\/(?:src|git|projects)|Users\/[a-z]+)\b/,
    problem: "a path of one machine",
  },
  {
    pattern: /\b(?:this|previous|last|next|earlier) (?:session|conversation)\b/i,
    problem: "speaks of how it was written",
  },
  { pattern: /\b(?:workplace|sub-?agent|AI assistant)\b/i, problem: "speaks of who wrote it" },
  { pattern: /\bas (?:requested|discussed|instructed)\b/i, problem: "speaks to who asked for it" },
];

export function checkWording(source: SourceFile): string[] {
  return checkLines(source, (line) => {
    const found = FOREIGN.find(({ pattern }) => pattern.test(line));
    return found === undefined ? undefined : `${found.problem}: ${line.trim()}`;
  });
}
