import { expect, test } from "bun:test";
import { proxyFor } from "./proxy-choice.ts";

const PROXIES = {
  HTTP_PROXY: "plain.example:3128",
  https_proxy: "http://secure.example",
  NO_PROXY: "internal.example, .below.example, *.star.example,10.0.0.0/8, with.port:8443, [::2]",
};

test.each<[string, string | false]>([
  ["https://registry.example/", "http://secure.example"],
  ["http://registry.example/", "http://plain.example:3128"],
  ["https://internal.example/", false],
  ["https://sub.internal.example/", false],
  ["https://notinternal.example/", "http://secure.example"],
  ["https://below.example/", "http://secure.example"],
  ["https://a.below.example/", false],
  ["https://a.star.example/", false],
  ["https://10.20.30.40/", false],
  ["https://11.20.30.40/", "http://secure.example"],
  ["https://with.port:8443/", false],
  ["https://with.port/", "http://secure.example"],
  ["http://localhost:5000/", false],
  ["http://127.3.2.1/", false],
  ["http://[::1]:5000/", false],
])("%p goes through %p", (url, expected) => {
  expect(proxyFor(new URL(url), PROXIES)).toBe(expected);
});

test("lower case, everything excepted, and one proxy for all", () => {
  const url = new URL("https://registry.example/");
  expect(proxyFor(url, {})).toBe(false);
  expect(proxyFor(url, { HTTPS_PROXY: "" })).toBe(false);
  expect(proxyFor(url, { ALL_PROXY: "http://all.example" })).toBe("http://all.example");
  expect(proxyFor(url, { ...PROXIES, NO_PROXY: "*" })).toBe(false);
  expect(proxyFor(url, { ...PROXIES, no_proxy: "registry.example" })).toBe(false);
});
