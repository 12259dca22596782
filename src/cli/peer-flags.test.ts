// Every command and every flag that docker and podman have is there, or says why not: no user is told that
// there is no such thing. What they have is in test/fixtures/peer-flags.txt.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OcicatError } from "../error/ocicat-error.ts";
import type { CommandEntry } from "./command-entry.ts";
import { OCICAT } from "./command-table.ts";
import { findEntry } from "./find-entry.ts";
import { refusalOf } from "./refused-commands.ts";

const PATH = join(import.meta.dir, "../../test/fixtures/peer-flags.txt");
const LINES = readFileSync(PATH, "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

const COMMANDS = LINES.map((line) => {
  const [, peer = "", words = "", flags = ""] = /^(\w+) ([^:]+):(.*)$/.exec(line) ?? [];
  return { peer, words, flags: flags.split(" ").filter(Boolean) };
});

function find(words: readonly string[]): CommandEntry | undefined {
  let group = OCICAT;
  for (const word of words) {
    const entry = findEntry(group, word);
    if (entry === undefined || "load" in entry) {
      return entry;
    }
    group = entry;
  }
  return undefined;
}

/** By the words, or by those that it stands behind. */
function isRefused(words: readonly string[]): boolean {
  return words.some((_, index) => refusalOf(words.slice(0, index + 1).join(" ")) !== undefined);
}

/** Those that are unknown; one that is refused has another reason. */
async function unknownFlags(entry: CommandEntry, flags: readonly string[]): Promise<string[]> {
  const command = await entry.load();
  const unknown: string[] = [];
  for (const flag of flags) {
    try {
      await command.prepare([flag], { command: "ocicat", notes: undefined });
    } catch (error) {
      if (!(error instanceof OcicatError) || error.reason === "there is no such flag") {
        unknown.push(flag);
      }
    }
  }
  return unknown;
}

describe("as the peers have them", () => {
  test("the list of their commands and flags was read", () => {
    expect(COMMANDS.length).toBeGreaterThan(250);
    expect(COMMANDS.flatMap(({ flags }) => flags).length).toBeGreaterThan(1000);
  });

  test.each(COMMANDS.map((each) => [`${each.peer} ${each.words}`, each] as const))(
    "%s",
    async (_, { words, flags }) => {
      const parts = words.split(" ");
      const entry = find(parts);
      if (entry === undefined) {
        expect([words, isRefused(parts)]).toEqual([words, true]);
      } else {
        expect(await unknownFlags(entry, flags)).toEqual([]);
      }
    },
  );

  test("what is there is not refused", () => {
    const both = COMMANDS.filter(({ words }) => {
      return find(words.split(" ")) !== undefined && refusalOf(words) !== undefined;
    });
    expect(both).toEqual([]);
  });
});
