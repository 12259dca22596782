import { expect, test } from "bun:test";
import { parseChallenges } from "./challenge.ts";

function plain(header: string): unknown {
  return parseChallenges(header).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
}

test.each([
  ["", []],
  ["Basic", [["basic", {}]]],
  ['Basic realm="a b"', [["basic", { realm: "a b" }]]],
  [
    'Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push"',
    [
      [
        "bearer",
        {
          realm: "https://auth.example/token",
          service: "registry",
          scope: "repository:a/b:pull,push",
        },
      ],
    ],
  ],
  [
    "BEARER Realm = https://x/t , Service=s,error=insufficient_scope",
    [["bearer", { realm: "https://x/t", service: "s", error: "insufficient_scope" }]],
  ],
  [
    'Negotiate, Basic realm="one", Bearer realm="two"',
    [
      ["negotiate", {}],
      ["basic", { realm: "one" }],
      ["bearer", { realm: "two" }],
    ],
  ],
  [
    'Negotiate dG9rZW4=, Basic realm="x"',
    [
      ["negotiate", {}],
      ["basic", { realm: "x" }],
    ],
  ],
  [
    'Basic realm="with \\"quotes\\", and, commas"',
    [["basic", { realm: 'with "quotes", and, commas' }]],
  ],
  ['Basic realm="first", realm="second"', [["basic", { realm: "first" }]]],
  ['Basic realm="never ends', [["basic", {}]]],
  ['=,"', []],
  ["Bearer realm=", [["bearer", {}]]],
])("%p is read as %p", (header, expected) => {
  expect(plain(header)).toEqual(expected);
});

test("a header of absurd length says nothing", () => {
  expect(plain(`Basic realm="${"x".repeat(20_000)}"`)).toEqual([]);
});
