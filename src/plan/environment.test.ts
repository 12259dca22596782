import { expect, test } from "bun:test";
import { environmentOf } from "./environment.ts";

const USER = { user: { uid: 0, gid: 0 }, args: ["sh"], cwd: "/" };

test.each<[string, string[], string[]]>([
  ["the last of a name counts, in its place", ["A=1", "B=2", "A=3"], ["B=2", "A=3"]],
  ["names that begin alike", ["HOME=/x", "HOMER=/y"], ["HOME=/x", "HOMER=/y"]],
  ["values may have anything", ["A==", "B=a=b", "A="], ["B=a=b", "A="]],
])("%s", (_title, env, expected) => {
  expect(environmentOf({ ...USER, env })).toEqual(expected);
});

test("no environment at all", () => {
  expect(environmentOf(USER)).toEqual([]);
});
