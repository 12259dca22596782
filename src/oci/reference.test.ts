import { describe, expect, test } from "bun:test";
import {
  formatFamiliar,
  formatReference,
  isTag,
  parseReference,
  withDefaultTag,
} from "./reference.ts";

const SHA256 = `sha256:${"a1".repeat(32)}`;

describe("names are completed", () => {
  test.each([
    ["debian", "docker.io/library/debian", "debian"],
    ["debian:12", "docker.io/library/debian:12", "debian:12"],
    ["team/app", "docker.io/team/app", "team/app"],
    ["docker.io/debian", "docker.io/library/debian", "debian"],
    ["index.docker.io/team/app:x", "docker.io/team/app:x", "team/app:x"],
    ["library/a/b", "docker.io/library/a/b", "library/a/b"],
    ["docker://debian:12", "docker.io/library/debian:12", "debian:12"],
    ["docker://quay.io/team/app", "quay.io/team/app", "quay.io/team/app"],
    ["localhost/app", "localhost/app", "localhost/app"],
    ["localhost:5000/app:1", "localhost:5000/app:1", "localhost:5000/app:1"],
    ["ghcr.io/a/b/c", "ghcr.io/a/b/c", "ghcr.io/a/b/c"],
    ["Registry/app", "Registry/app", "Registry/app"],
    ["[::1]:5000/app", "[::1]:5000/app", "[::1]:5000/app"],
    ["127.0.0.1:1/a", "127.0.0.1:1/a", "127.0.0.1:1/a"],
    [`debian@${SHA256}`, `docker.io/library/debian@${SHA256}`, `debian@${SHA256}`],
    [`a.b/c:t@${SHA256}`, `a.b/c:t@${SHA256}`, `a.b/c:t@${SHA256}`],
    ["a--b/c__d/e.f_g", "docker.io/a--b/c__d/e.f_g", "a--b/c__d/e.f_g"],
    ["localhost", "docker.io/library/localhost", "localhost"],
  ])("%j", (text, whole, familiar) => {
    const reference = parseReference(text);
    expect(formatReference(reference)).toBe(whole);
    expect(formatFamiliar(reference)).toBe(familiar);
    expect(parseReference(whole)).toEqual(reference);
    expect(parseReference(familiar)).toEqual(reference);
  });

  test("by another registry, which has no library", () => {
    const options = { defaultDomain: "registry.example:5000" };
    const reference = parseReference("app:1", options);
    expect(reference).toEqual({ domain: "registry.example:5000", path: "app", tag: "1" });
    expect(formatFamiliar(reference, options)).toBe("app:1");
    expect(formatReference(parseReference("docker.io/app", options))).toBe("docker.io/library/app");
    expect(formatFamiliar(parseReference("docker.io/app", options), options)).toBe(
      "docker.io/library/app",
    );
  });

  test("by a tag, unless a tag or a digest is there", () => {
    expect(formatReference(withDefaultTag(parseReference("a")))).toBe("docker.io/library/a:latest");
    expect(formatReference(withDefaultTag(parseReference("a"), "x"))).toBe("docker.io/library/a:x");
    expect(formatReference(withDefaultTag(parseReference("a:b")))).toBe("docker.io/library/a:b");
    expect(withDefaultTag(parseReference(`a@${SHA256}`)).tag).toBeUndefined();
  });
});

describe("what is no name", () => {
  test.each([
    ["", '"" is not part of a repository\'s name'],
    ["a//b", '"" is not part of a repository\'s name'],
    ["/a", '"" is not part of a repository\'s name'],
    ["a/", '"" is not part of a repository\'s name'],
    ["Debian", "the repository's name must be in lower case"],
    ["a/B", "the repository's name must be in lower case"],
    ["-a", '"-a" is not part of a repository\'s name'],
    ["a..b/c", '"a..b" is not the domain of a registry'],
    ["a___b", '"a___b" is not part of a repository\'s name'],
    ["a/../b", '".." is not part of a repository\'s name'],
    ["a b", '"a b" is not part of a repository\'s name'],
    ["a:", '"" is not a tag'],
    ["a:-x", '"-x" is not a tag'],
    ["a:b:c", '"b:c" is not a tag'],
    [`a:${"x".repeat(129)}`, " is not a tag"],
    ["a@", "not of the form algorithm:hex"],
    ["a@sha256:1", "what follows the colon is not 64 hexadecimal digits"],
    ["a@@b", "not of the form algorithm:hex"],
    ["host.example:99999/a", '"host.example:99999" is not the domain of a registry'],
    ["-x.y/a", '"-x.y" is not the domain of a registry'],
    ["[fe80::1%eth0]:1/a", '"[fe80::1%eth0]:1" is not the domain of a registry'],
    ["x".repeat(256), "longer than 255 characters"],
    ["0".repeat(64), "64 hexadecimal digits are an identifier"],
    ["a\0", "is not part of a repository's name"],
    ["https://a.b/c", '"https:" is not the domain of a registry'],
  ])("%j", (text, reason) => {
    expect(() => parseReference(text)).toThrow(reason);
  });
});

test("tags", () => {
  expect(isTag("v1.2.3-rc_1")).toBeTrue();
  expect(isTag("_")).toBeTrue();
  expect(isTag(".hidden")).toBeFalse();
  expect(isTag("a\n")).toBeFalse();
});
