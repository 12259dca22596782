import { describe, expect, test } from "bun:test";
import { parseMount, parseTmpfs } from "./mounts.ts";
import { parseCpus, parseEntrypoint, parsePidsLimit, parseSize } from "./values.ts";
import { variables } from "./variables.ts";
import { parseVolume, requirePlaces } from "./volumes.ts";

test.each<[string, number]>([
  ["1", 1],
  ["512m", 512 * 2 ** 20],
  ["512M", 512 * 2 ** 20],
  ["1.5g", 1.5 * 2 ** 30],
  ["64kb", 65_536],
  ["2GiB", 2 ** 31],
  ["100b", 100],
])("--memory %s", (text, bytes) => {
  expect(parseSize("memory", text)).toBe(bytes);
});

test.each(["", "0", "-1", "m", "1t", "1e9", "0x10", "1 g", "99999999g", "1gx"])(
  "--memory %s is refused",
  (text) => {
    expect(() => parseSize("memory", text)).toThrow("it is not a number of bytes");
  },
);

test("--cpus", () => {
  expect(parseCpus("1.5")).toBe(1.5);
  for (const text of ["0", "-1", "two", "", "0.001", "1e3"]) {
    expect(() => parseCpus(text)).toThrow("it is not a number of processors");
  }
});

test("--pids-limit", () => {
  expect(parsePidsLimit("10")).toBe(10);
  expect(parsePidsLimit("-1")).toBeUndefined();
  expect(parsePidsLimit("0")).toBeUndefined();
  for (const text of ["", "-2", "1.5", "many"]) {
    expect(() => parsePidsLimit(text)).toThrow("it is not a number of processes");
  }
});

test("--entrypoint", () => {
  expect(parseEntrypoint("")).toEqual([]);
  expect(parseEntrypoint("/a b")).toEqual(["/a b"]);
  expect(parseEntrypoint('["a","b c"]')).toEqual(["a", "b c"]);
  expect(() => parseEntrypoint("[1]")).toThrow("it is not a JSON array of strings");
  expect(() => parseEntrypoint("[a")).toThrow("it is not a JSON array of strings");
});

describe("variables", () => {
  const own = { OURS: "1", EMPTY: "" };

  test("files, then flags; names take our value, or take the image's away", () => {
    const files = ["# comment\nA=1\r\n\n  B=x=y \nOURS\n", "C="];
    const entries = ["A=2", "EMPTY", "MISSING"];
    const expected = ["A=1", "B=x=y ", "OURS=1", "C=", "A=2", "EMPTY=", "MISSING"];
    expect(variables({ files, entries, own })).toEqual(expected);
  });

  test.each(["=x", ""])("%p is refused", (entry) => {
    expect(() => variables({ files: [], entries: [entry], own })).toThrow("NAME=VALUE or NAME");
  });

  test("a name with a space is meant on the command line, and a mistake in a file", () => {
    expect(variables({ files: [], entries: ["A B=1"], own })).toEqual(["A B=1"]);
    expect(() => variables({ files: ["A B=1"], entries: [], own })).toThrow("NAME=VALUE or NAME");
  });
});

describe("mounts", () => {
  const absolute = (path: string): string => (path.startsWith("/") ? path : `/here/${path}`);

  test.each<[string, string, string, boolean]>([
    ["/a:/b", "/a", "/b", false],
    ["/a:/b:ro", "/a", "/b", true],
    ["/a:/b:rw,z", "/a", "/b", false],
    ["/a:/b:cached", "/a", "/b", false],
    ["/a:/./b/../c//d/", "/a", "/c/d", false],
    ["./a:/b", "/here/./a", "/b", false],
    ["..:/b", "/here/..", "/b", false],
  ])("-v %s", (text, source, destination, readOnly) => {
    const mount = { source, destination, readOnly };
    expect(parseVolume(text, absolute)).toEqual({ kind: "bind", mount });
  });

  test("-v with volumes", () => {
    const volume = { destination: "/b", readOnly: false, copies: true };
    expect(parseVolume("/b", absolute)).toEqual({ kind: "volume", volume });
    expect(parseVolume("data:/b:nocopy,ro", absolute)).toEqual({
      kind: "volume",
      volume: { name: "data", ...volume, readOnly: true, copies: false },
    });
    expect(parseVolume("/a:/b:rshared", absolute)).toEqual({
      kind: "bind",
      mount: { source: "/a", destination: "/b", readOnly: false, propagation: "rshared" },
    });
    expect(parseMount("type=volume,src=data,dst=/b,volume-nocopy", absolute)).toEqual({
      kind: "volume",
      volume: { name: "data", ...volume, copies: false },
    });
    expect(parseMount("target=/b", absolute)).toEqual({ kind: "volume", volume });
  });

  test.each<[string, string]>([
    ["b", "the path inside is not absolute"],
    ["/a:/b:ro:x", "it is not of the form"],
    ["a b:/b", "it is not made of letters"],
    [":/b", "it is not of the form"],
    ["/a:b", "the path inside is not absolute"],
    ["/a:/b:shiny", "the option shiny is not known"],
    ["/a:/b:ro,rw", "it can't be both ro and rw"],
    ["/a:/./", "the container's root is its image's"],
  ])("-v %s is refused", (text, message) => {
    expect(() => parseVolume(text, absolute)).toThrow(message);
  });

  test("--mount", () => {
    const bind = { source: "/a", destination: "/b", readOnly: true };
    for (const readonly of [
      "ro",
      "readonly",
      "readonly=true",
      "ro=1",
      "rw=false",
      "ro,consistency=x",
    ]) {
      const parsed = parseMount(`type=bind,src=/a,dst=/b,${readonly}`, absolute);
      expect(parsed).toEqual({ kind: "bind", mount: bind });
    }
    expect(parseMount('type=bind,"src=/a,""x",dst=/b,ro', absolute)).toEqual({
      kind: "bind",
      mount: { ...bind, source: '/a,"x' },
    });
    const writable = { source: "/here/a", destination: "/b", readOnly: false };
    expect(parseMount("type=bind,source=a,target=/b,readonly=false", absolute)).toEqual({
      kind: "bind",
      mount: writable,
    });
    expect(
      parseMount("type=tmpfs,destination=/b,tmpfs-size=1m,tmpfs-mode=0700,ro", absolute),
    ).toEqual({
      kind: "tmpfs",
      tmpfs: "/b:size=1m,mode=0700,ro",
    });
    expect(parseMount("type=tmpfs,target=/b", absolute)).toEqual({ kind: "tmpfs", tmpfs: "/b" });
  });

  test.each<[string, string]>([
    ["source=/a,target=/b", "it is not made of letters"],
    ["type=npipe,target=/b", "its type is none of bind"],
    ["type=image,target=/b", "it names no image"],
    ["type=image,source=a,target=/b,subpath=/c,rw", "can only be read"],
    ["type=bind,source=/a,target=/b,bind-propagation=up", "bind-propagation is one of"],
    ["type=bind,target=/b", "it has no source"],
    ["type=bind,source=/a", "the path inside is not absolute"],
    ["type=bind,source=/a,target=/b,subpath=c", "subpath says nothing of a mount of type bind"],
    ["type=tmpfs,target=/b,source=c", "source says nothing of a mount of type tmpfs"],
    ["target=/b,tmpfs-size=1m", "tmpfs-size says nothing of a mount of type volume"],
    ["type=bind,source=/a,target=/b,color=red", 'it has the unknown key "color"'],
    ["type=bind,source=/a,target=/b,readonly=maybe", "readonly is either true or false"],
  ])("--mount %s is refused", (text, message) => {
    expect(() => parseMount(text, absolute)).toThrow(message);
  });

  test("two mounts in one place", () => {
    expect(() => requirePlaces(["/a", "/a/b", "/"])).not.toThrow();
    expect(() => requirePlaces(["/b", "/a", "/a"])).toThrow('mount on "/a": two mounts');
  });

  test("--tmpfs", () => {
    expect(parseTmpfs("/a:size=1m")).toBe("/a:size=1m");
    expect(() => parseTmpfs("a")).toThrow("the path inside is not absolute");
  });
});
