// Every flag that runc's help names is one of ours, under the same names, and takes a value or takes none as there.

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { FlagTable } from "../../src/cli/flags.ts";
import { COMMANDS } from "../../src/cli/oci/commands.ts";
import { GLOBAL_FLAGS } from "../../src/cli/oci/global-flags.ts";

const RUNC = "/usr/sbin/runc";
/** These refuse, whatever their flags are. */
const REFUSED = ["checkpoint", "restore"];
const VERBS = Object.keys(COMMANDS).filter((name) => !REFUSED.includes(name));

/** "bundle, b VALUE" for `--bundle value, -b value`. */
function flagsInHelp(words: readonly string[]): string[] {
  const text = Bun.spawnSync([RUNC, ...words, "--help"]).stdout.toString();
  const lines = text.matchAll(/^ {3}--([\w-]+)( value)?(?:, -(\w)(?: value)?)? /gm);
  return [...lines].map(([, name, value = "", alias]) => {
    const names = alias === undefined ? name : `${name}, ${alias}`;
    return `${names}${value.toUpperCase()}`;
  });
}

function flagsOf(table: FlagTable): string[] {
  return Object.entries(table).map(([name, { kind, aliases = [] }]) => {
    const names = [name, ...aliases].join(", ");
    return `${names}${kind === "switch" ? "" : " VALUE"}`;
  });
}

function missingIn(table: FlagTable, words: readonly string[]): string[] {
  const ours = [...flagsOf(table), "help, h"];
  return flagsInHelp(words).filter((flag) => !ours.includes(flag));
}

describe.skipIf(!existsSync(RUNC))("runc's flags (needs runc)", () => {
  test("before the verb", () => {
    expect(flagsInHelp([])).toContain("systemd-cgroup");
    expect(missingIn(GLOBAL_FLAGS, [])).toEqual([]);
  });

  test.each(VERBS)("of %s", async (verb) => {
    const command = await COMMANDS[verb]?.load();
    expect(missingIn(command?.flags ?? {}, [verb])).toEqual([]);
  });

  test("are read out of its help", () => {
    expect(flagsInHelp(["exec"])).toContain("user, u VALUE");
    expect(flagsInHelp(["exec"])).toContain("tty, t");
    expect(missingIn({}, ["kill"])).toEqual(["all, a"]);
  });
});
