import { expect, test } from "bun:test";
import { listsByName } from "./lists-by-name.ts";
import { Refusal } from "./setting.ts";

const setting = listsByName({ fallback: {}, purpose: "p" });

function outcome(raw: unknown): unknown {
  const value = setting.read(raw);
  return value instanceof Refusal ? value.reason : value;
}

const fromToml = (text: string) => outcome(Object(Bun.TOML.parse(text)).mirrors);

test("names may be quoted or not", () => {
  const expected = { "docker.io": ["https://a", "https://b"], "localhost:5000": [] };
  const quoted = '[mirrors]\n"docker.io" = ["https://a", "https://b"]\n"localhost:5000" = []\n';
  expect(fromToml(quoted)).toEqual(expected);
  expect(fromToml(quoted.replace('"docker.io"', "docker.io"))).toEqual(expected);
});

test("what is written is read again", () => {
  const value = { "docker.io": ["https://a"], other: ["b", "c"] };
  expect(fromToml(`mirrors = ${setting.format(value)}`)).toEqual(value);
  expect(fromToml(`mirrors = ${setting.format({})}`)).toEqual({});
});

test("a variable has names and lists in one text", () => {
  const text = "docker.io=https://a,https://b?x=1; ghcr.io = https://c";
  expect(outcome(setting.fromText(text))).toEqual({
    "docker.io": ["https://a", "https://b?x=1"],
    "ghcr.io": ["https://c"],
  });
  expect(outcome(setting.fromText("nonsense"))).toBe("a table is needed, not a string");
});

test("what is no list is refused with its name", () => {
  expect(outcome([])).toBe("a table is needed, not a list");
  expect(outcome("a")).toBe("a table is needed, not a string");
  expect(outcome({ a: { b: 1 } })).toBe("a.b: a list is needed, not a number");
  expect(outcome({ a: ["x", ""] })).toBe("a: entry 2: it is empty");
  const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`n${index}`, []]));
  expect(outcome(many)).toBe("more than 1000 names");
});

test("names that mean something to JavaScript are names", () => {
  expect(fromToml('[mirrors]\n__proto__ = ["a"]\nconstructor = ["b"]')).toEqual(
    Object.fromEntries([
      ["__proto__", ["a"]],
      ["constructor", ["b"]],
    ]),
  );
});
