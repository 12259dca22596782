// Where the reader says that content lies, and that whoever can seek may skip it.

import { describe, expect, test } from "bun:test";
import { archive, entry, type TarFields } from "../../../test/fixtures/tar-archive.ts";
import { DEFAULT_TAR_LIMITS, type StoredData, type TarEntry } from "./entry.ts";
import { TarReader } from "./reader.ts";

interface Found {
  readonly entry: TarEntry;
  readonly stored: StoredData;
}

/** Reads `windowBytes` at a time and skips what it may. */
function scan(input: Buffer, windowBytes: number) {
  const found: Found[] = [];
  let pushed = 0;
  const reader = new TarReader({
    begin: (item, stored) => found.push({ entry: item, stored }),
    end: () => undefined,
  });
  for (let position = 0; position < input.length; ) {
    const skipped = Math.min(reader.skippable, input.length - position);
    reader.skip(skipped);
    position += skipped;
    const chunk = input.subarray(position, position + windowBytes);
    reader.push(chunk);
    pushed += chunk.length;
    position += chunk.length;
  }
  reader.finish();
  return { found, pushed, headers: reader.headerCount };
}

const sparseOld: Buffer = entry({
  name: "old",
  type: "S",
  data: "a".repeat(512) + "b".repeat(100),
  patches: [
    [386, `${"0".repeat(11)}\0${(512).toString(8).padStart(11, "0")}\0`],
    [410, `${(4096).toString(8).padStart(11, "0")}\0${(100).toString(8).padStart(11, "0")}\0`],
    [483, `${(4196).toString(8).padStart(11, "0")}\0`],
  ],
});
const sparse01: TarFields = {
  name: "zero-one",
  data: "c".repeat(600),
  pax: {
    "GNU.sparse.size": "9000",
    "GNU.sparse.numblocks": "2",
    "GNU.sparse.map": "512,512,8192,88",
  },
};
const sparse10: TarFields = {
  name: "one-zero",
  data: `${"1\n1024\n7\n".padEnd(512, "\0")}content`,
  pax: { "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "2000" },
};

describe("stored data", () => {
  const input = archive(
    { name: "plain", data: "p".repeat(5000) },
    sparseOld,
    sparse01,
    { name: "long", data: "l", pax: { comment: "x".repeat(3000) } },
    sparse10,
    { name: "directory", type: "5" },
    { name: "last", data: "z".repeat(100_000) },
  );

  test.each([512, 1000, 4096, input.length])("in windows of %d bytes", (windowBytes) => {
    const { found } = scan(input, windowBytes);
    const content = ({ entry: item, stored }: Found): string =>
      (stored.segments ?? [{ offset: 0, length: item.size }])
        .map(({ length }, index, all) => {
          const before = all.slice(0, index).reduce((sum, each) => sum + each.length, 0);
          const start = stored.offset + before;
          return input.toString("latin1", start, start + length);
        })
        .join("|");
    const contents = Object.fromEntries(found.map((each) => [each.entry.path, content(each)]));
    expect(contents).toEqual({
      plain: "p".repeat(5000),
      old: `${"a".repeat(512)}|${"b".repeat(100)}`,
      "zero-one": `${"c".repeat(512)}|${"c".repeat(88)}`,
      long: "l",
      "one-zero": "content",
      directory: "",
      last: "z".repeat(100_000),
    });
  });

  test("content is not read", () => {
    const { pushed, headers } = scan(input, 512);
    expect(pushed).toBeLessThan(input.length / 8);
    expect(headers).toBe(7 + 3);
  });

  test("what is skipped counts for the limit of the archive", () => {
    const limits = { ...DEFAULT_TAR_LIMITS, totalBytes: 2000 };
    const reader = new TarReader({ begin: () => undefined, end: () => undefined }, limits);
    reader.push(input.subarray(0, 512));
    expect(reader.skippable).toBe(5000);
    expect(() => reader.skip(5000)).toThrow("the archive exceeds the limit of 2000");
  });
});
