import { expect, test } from "bun:test";
import { describeErrors, refusal } from "./registry-error.ts";

test.each([
  [
    '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
    "manifest unknown (MANIFEST_UNKNOWN)",
  ],
  ['{"errors":[{"code":"DENIED"},{"message":"no"}]}', "DENIED; no"],
  ['{"message":"bad credentials"}', "bad credentials"],
  ['{"error":"invalid_grant","error_description":"expired"}', "expired (invalid_grant)"],
  ['{"details":"incorrect username or password"}', "incorrect username or password"],
  ['{"errors":[{"message":"\\u001b[31mred\\u0007"}]}', " [31mred "],
  ['{"errors":[]}', undefined],
  ['{"errors":null}', undefined],
  ["[]", undefined],
  ["null", undefined],
  ["<html>", undefined],
  ["", undefined],
])("%p is told as %p", (text, expected) => {
  expect(describeErrors(text)).toBe(expected);
});

test("a registry cannot fill the terminal", () => {
  const errors = Array.from({ length: 100 }, () => ({ message: "x".repeat(10_000) }));
  expect(describeErrors(JSON.stringify({ errors }))?.length).toBeLessThan(1000);
});

test.each([
  [401, "permission-denied", false],
  [403, "permission-denied", false],
  [404, "not-found", false],
  [405, "unsupported", false],
  [400, "invalid-argument", false],
  [408, "unavailable", true],
  [429, "exhausted", true],
  [500, "unavailable", true],
  [503, "unavailable", true],
  [418, "unavailable", false],
] as const)("status %p is %p", (status, code, isTransient) => {
  const headers = new Headers({ "Retry-After": "7" });
  const task = { operation: "fetch", subject: '"a"' };
  const error = refusal(task, { status, headers, text: "", host: "r.example" });
  expect(error.code).toBe(code);
  expect(error.facts.isTransient).toBe(isTransient);
  expect(error.facts.retryAfterMs).toBe(isTransient ? 7000 : undefined);
  expect(error.message).toStartWith('fetch "a": "r.example" ');
});
