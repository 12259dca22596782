import { describe, expect, test } from "bun:test";
import { checkNames } from "./check-names.ts";
import { plainOptions } from "./plain-options.ts";
import type { RunContainerOptions } from "./run-options.ts";

function refusal(options: Partial<RunContainerOptions>): string {
  try {
    checkNames(plainOptions({ kind: "hello" }, [], options));
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe("names of hosts", () => {
  test.each([["web"], ["WEB-1.example.org"], ["my_host"], ["7"], ["a".repeat(64)]])(
    "%s is one",
    (hostname) => {
      expect(refusal({ hostname, domainName: hostname })).toBe("");
    },
  );

  test.each([
    ["a line break", "web\n"],
    ["two lines", "web\n127.0.0.1 bank.example"],
    ["a blank", "my host"],
    ["a zero", "web\0"],
    ["a slash", "a/b"],
    ["an accent", "café"],
    ["a dash at the beginning", "-web"],
    ["a dot at the beginning", ".web"],
    ["nothing", ""],
    ["65 letters", "a".repeat(65)],
  ])("%s is in none", (_, name) => {
    expect(refusal({ hostname: name })).toContain("the host name");
    expect(refusal({ domainName: name })).toContain("the domain name");
  });

  const address = "192.0.2.1";
  test.each([
    ["the name of a host", { hosts: [{ name: "a\n6.6.6.6 b", address }] }],
    ["the address of a host", { hosts: [{ name: "a", address: `${address}\n6.6.6.6` }] }],
    ["the name server", { servers: ["192.0.2.1\nsearch evil.example"] }],
    ["the domain to look in", { searchDomains: ["a\tb"] }],
    ["the option of the resolver", { resolverOptions: ["ndots:2\x1b"] }],
  ])("%s is one word of a line", (what, names) => {
    expect(refusal({ names })).toContain(what);
  });

  test("those that are asked for usually are", () => {
    const hosts = [{ name: "db", address: "2001:db8::1" }];
    const words = { servers: ["9.9.9.9"], searchDomains: ["."], resolverOptions: ["ndots:2"] };
    expect(refusal({ names: { hosts, ...words } })).toBe("");
  });
});
