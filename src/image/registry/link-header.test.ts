import { expect, test } from "bun:test";
import { nextLink } from "./link-header.ts";

test.each([
  ["", undefined],
  ['</v2/a/tags/list?n=2&last=b>; rel="next"', "/v2/a/tags/list?n=2&last=b"],
  ["<https://r.example/v2/_catalog?last=x>;rel=next", "https://r.example/v2/_catalog?last=x"],
  ['<?last=x>; title="a, b"; REL="prev next"', "?last=x"],
  ['</first>; rel="first", </other>; rel="next"', "/other"],
  ['</first>; rel="first"', undefined],
  ["</without>", undefined],
  ['/bare; rel="next"', undefined],
  ["<>; rel=next", undefined],
  ['</a>; rel="nextish"', undefined],
])("%p leads to %p", (header, expected) => {
  expect(nextLink(header)).toBe(expected);
});

test("a header of absurd length leads nowhere", () => {
  expect(nextLink(`</${"a".repeat(20_000)}>; rel="next"`)).toBeUndefined();
  expect(nextLink("<a>".repeat(5000))).toBeUndefined();
});
