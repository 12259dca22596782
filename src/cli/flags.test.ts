import { describe, expect, test } from "bun:test";
import { type FlagTable, parseFlags } from "./flags.ts";

const TABLE = {
  bundle: { kind: "text", aliases: ["b"], help: "" },
  detach: { kind: "switch", aliases: ["d"], help: "" },
  env: { kind: "list", aliases: ["e"], help: "" },
  count: { kind: "text", help: "" },
  name: { kind: "text", help: "", mayBeEmpty: true },
} as const satisfies FlagTable;

const parse = (...words: string[]) => parseFlags(TABLE, words, "anywhere");
const parseFirst = (...words: string[]) => parseFlags(TABLE, words, "first");

describe("flags", () => {
  test.each([
    [["--bundle", "/x", "id"]],
    [["-bundle", "/x", "id"]],
    [["--bundle=/x", "id"]],
    [["-bundle=/x", "id"]],
    [["-b", "/x", "id"]],
    [["-b=/x", "id"]],
    [["id", "--bundle", "/x"]],
    [["--bundle", "/other", "--bundle", "/x", "id"]],
  ])("have a value: %j", (words) => {
    const flags = parse(...words);
    expect(flags.text("bundle")).toBe("/x");
    expect(flags.args).toEqual(["id"]);
  });

  test("may be given as nothing, where that means none", () => {
    expect(parse("--name=").isSet("name")).toBe(false);
    expect(parse("--name", "a", "--name", "").text("name")).toBeUndefined();
    expect(parse("--count", "").text("count")).toBe("");
  });

  test("may be switches, which take no word behind them", () => {
    expect(parse("-d", "id").switch("detach")).toBe(true);
    expect(parse("-d", "id").args).toEqual(["id"]);
    expect(parse("--detach=false").switch("detach")).toBe(false);
    expect(parse("--detach=false").isSet("detach")).toBe(true);
    expect(parse().switch("detach")).toBe(false);
    expect(() => parse("--detach=maybe")).toThrow('invalid boolean value "maybe" for -detach');
  });

  test("may be given again and again", () => {
    expect(parse("-e", "A=1", "--env=B=2=3").list("env")).toEqual(["A=1", "B=2=3"]);
    expect(parse().list("env")).toEqual([]);
  });

  test("end at --, or at the first argument where those have flags of their own", () => {
    expect(parse("--", "--bundle").args).toEqual(["--bundle"]);
    expect(parseFirst("-d", "id", "ls", "-b", "--nosuch").args).toEqual([
      "id",
      "ls",
      "-b",
      "--nosuch",
    ]);
    expect(parseFirst("id", "--", "x").args).toEqual(["id", "--", "x"]);
  });

  test("that nobody knows are refused, but not behind an argument", () => {
    expect(() => parse("--nosuch=1", "id")).toThrow("flag provided but not defined: -nosuch");
    expect(parse("id", "-9").args).toEqual(["id", "-9"]);
    expect(() => parse("--bundle")).toThrow("flag needs an argument: -bundle");
    expect(() => parse("--constructor")).toThrow("not defined");
  });

  test("may be integers", () => {
    expect(parse("--count", "12").integer("count")).toBe(12);
    expect(parse("--count", "-1").integer("count")).toBe(-1);
    expect(parse("--count", "0x10").integer("count")).toBe(16);
    expect(parse().integer("count")).toBeUndefined();
    for (const text of ["", "x", "1.5", "1x", "0x", "--1"]) {
      expect(() => parse(`--count=${text}`).integer("count")).toThrow("is not an integer");
    }
  });
});
