import { expect, test } from "bun:test";
import { encodeDocument } from "./encode.ts";

test("documents with and without a bigint are written alike, every digit kept", () => {
  const plain = { a: [1, "x"], b: undefined, c: null };
  expect(encodeDocument(plain, "")).toBe('{"a":[1,"x"],"c":null}');
  const exact = { ...plain, soft: 18_446_744_073_709_551_615n };
  expect(encodeDocument(exact, "")).toBe('{"a":[1,"x"],"c":null,"soft":18446744073709551615}');
  expect(encodeDocument({ soft: 1n })).toBe('{\n\t"soft": 1\n}');
});
