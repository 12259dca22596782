import { expect, test } from "bun:test";
import { exampleFile } from "../config/example-file.ts";
import { parseSimpleToml } from "./simple-toml.ts";

const SIMPLE = [
  "",
  "# nothing\n\n",
  "a = 1\nb = 'x' # said\n[t]\nc = true\nd = -12\n",
  '[image]\r\npull-policy = "never"\r\n\tinsecure-registries = ["a.example:5000", \'b\', ]\r\n',
  '[a]\nx = []\n[b]\nx = [[1, 2], ["é # ]"]] # lists\n',
  'a = {}\nb = { x = 1, "docker.io" = ["https://m"], y = { z = true } } # tables\n',
  'empty = ""\nquoted = "it\'s"\nother = \'say "x"\'\n_-9 = 0\n',
];

const NOT_SIMPLE = [
  'a = "\\n"',
  'a = """x"""',
  "a.b = 1",
  "[a.b]\nc = 1",
  "[[a]]\nb = 1",
  "a = 1.5",
  "a = 0x1f",
  "a = 1_000",
  "a = 2026-11-30",
  "a = { b = 1, }",
  "a = { b = 1, b = 2 }",
  "a = { b.c = 1 }",
  "a = { b = 1 c = 2 }",
  "a = { , }",
  "a = [\n1,\n2]",
  '"a" = 1',
  // Wrong ones.
  "a = 1\na = 2",
  "[a]\n[a]",
  "a = 01",
  "a = 1 b",
  "a = [1,,2]",
  "a = [1 2]",
  "a = x",
  'a = "x',
  "a",
  "= 1",
  "[a] b",
  'a = "x\u0001"',
  "a = 1\n[a]",
  "\u00a0a = 1",
];

test.each(SIMPLE)("%j is what Bun reads", (text) => {
  expect(parseSimpleToml(text)).toEqual(Bun.TOML.parse(text));
});

test.each(NOT_SIMPLE)("%j is left to others", (text) => {
  expect(parseSimpleToml(text)).toBeUndefined();
});

test("the example of all settings, as it is and with all of them said", () => {
  const text = exampleFile();
  const all = text.replaceAll(/^#(?=[a-z-]+ =)/gm, "");
  expect(parseSimpleToml(text)).toEqual(Bun.TOML.parse(text));
  expect(parseSimpleToml(all)).toEqual(Bun.TOML.parse(all));
});
