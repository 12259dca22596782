import { expect, test } from "bun:test";
import { choosePlatform, formatPlatform, type Platform, parsePlatform } from "./platform.ts";

const HOST: Platform = { os: "linux", architecture: "amd64" };

test.each([
  ["linux/amd64", "linux/amd64"],
  ["linux/x86_64", "linux/amd64"],
  ["Linux/AArch64/v8", "linux/arm64"],
  ["linux/arm64/v9", "linux/arm64/v9"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/arm/6", "linux/arm/v6"],
  ["linux/armel", "linux/arm/v6"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["arm64", "linux/arm64"],
  ["linux", "linux/amd64"],
  ["windows", "windows/amd64"],
  ["i386", "linux/386"],
  ["linux/constructor", "linux/constructor"],
])("%p is %p", (text, platform) => {
  expect(formatPlatform(parsePlatform(text, HOST))).toBe(platform);
});

test.each([[""], ["linux/"], ["a/b/c/d"], ["linux/a b"], ["../x"]])("%p is none", (text) => {
  expect(() => parsePlatform(text, HOST)).toThrow("not of the form os/architecture/variant");
});

function chosen(wanted: string, offered: readonly string[]): string | undefined {
  const platforms = offered.map((text) => (text === "" ? undefined : parsePlatform(text, HOST)));
  return offered[choosePlatform(parsePlatform(wanted, HOST), platforms)];
}

test.each([
  ["linux/amd64", ["linux/arm64", "linux/amd64", "linux/amd64/v2"], "linux/amd64"],
  ["linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v2"],
  ["linux/amd64", ["linux/386", "linux/arm64"], "linux/386"],
  ["linux/arm64", ["linux/arm/v5", "linux/arm/v7", "linux/arm64"], "linux/arm64"],
  ["linux/arm64", ["linux/arm/v5", "linux/arm/v7"], "linux/arm/v7"],
  ["linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], "linux/arm/v5"],
  ["linux/amd64", ["linux/arm64", "windows/amd64", "unknown/unknown"], undefined],
  ["linux/amd64", ["linux/arm64", ""], ""],
  ["linux/amd64", ["", "linux/amd64"], "linux/amd64"],
  ["linux/riscv64", ["linux/amd64", "linux/riscv64"], "linux/riscv64"],
  ["linux/amd64", [], undefined],
])("%s runs of %j: %p", (wanted, offered, expected) => {
  expect(chosen(wanted, offered)).toBe(expected);
});
