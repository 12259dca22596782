import { describe, expect, test } from "bun:test";
import type { Digest } from "../../oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "../../oci/media-types.ts";
import type { Catalog, CatalogImage } from "./catalog.ts";
import { globPattern } from "./glob-pattern.ts";
import { imageCondition } from "./image-filters.ts";
import { parseMoment } from "./moment.ts";
import { similarNames } from "./similar-names.ts";

const NOW = Date.UTC(2026, 10, 29, 12);

describe("patterns", () => {
  test.each<[string, string, boolean]>([
    ["debian", "debian", true],
    ["debian", "debian2", false],
    ["deb*", "debian", true],
    ["*", "a/b", false],
    ["*/*", "a/b", true],
    ["d?bian", "debian", true],
    ["d?bian", "d/bian", false],
    ["[a-d]ebian", "debian", true],
    ["[^a-c]ebian", "debian", true],
    ["[^d]ebian", "debian", false],
    ["a.b", "axb", false],
    ["a\\*b", "a*b", true],
    ["a\\*b", "axb", false],
    ["(a|b)", "a", false],
    ["a+", "aa", false],
  ])("%s and %s: %p", (pattern, text, matches) => {
    expect(globPattern(pattern)?.test(text)).toBe(matches);
  });

  test.each(["[a", "a\\", "[z-a]"])("%s is none", (pattern) => {
    expect(globPattern(pattern)).toBeUndefined();
  });
});

describe("moments", () => {
  test.each<[string, number | undefined]>([
    ["24h", NOW - 86_400_000],
    ["1h30m", NOW - 5_400_000],
    ["1.5s", NOW - 1500],
    ["10ms", NOW - 10],
    ["1700000000", 1_700_000_000_000],
    ["2026-11-29T12:00:00Z", NOW],
    ["2026-11-29T13:00:00+01:00", NOW],
    ["yesterday", undefined],
    ["24", 24_000],
    ["-1h", undefined],
    ["2026-13-01", undefined],
    ["", undefined],
  ])("%p", (text, ms) => {
    expect(parseMoment(text, NOW)).toBe(ms);
  });

  test("a day is one of this machine's", () => {
    expect(parseMoment("2026-11-29", NOW)).toBe(new Date(2026, 10, 29).getTime());
  });
});

describe("similar names", () => {
  const KNOWN = ["debian:12", "debian:13", "quay.io/team/app:1.0", "busybox:latest"];
  test.each<[string, string[]]>([
    ["debain:12", ["debian:12", "debian:13"]],
    ["debian", ["debian:12", "debian:13"]],
    ["app", ["quay.io/team/app:1.0"]],
    ["busibox", ["busybox:latest"]],
    ["postgres", []],
    ["x", []],
  ])("of %s", (text, similar) => {
    expect(similarNames(text, KNOWN)).toEqual(similar);
  });
});

describe("conditions", () => {
  const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;

  function image(letter: string, names: readonly string[], labels = {}): CatalogImage {
    const mediaType = letter === "c" ? OCI_INDEX : OCI_MANIFEST;
    const descriptor = { mediaType, digest: digest(letter), size: 1 };
    const facts = {
      manifest: digest(letter),
      config: digest(letter),
      kind: "image",
      size: 1,
      layers: [],
      diffIds: [],
      labels,
    } as const;
    const entries = names.length === 0 ? [undefined] : names;
    return {
      id: digest(letter),
      entries: entries.map((name) => ({ name, descriptor, facts })),
      facts,
      createdMs: NOW - letter.charCodeAt(0) * 3_600_000,
      containers: letter === "a" ? ["web"] : [],
    };
  }

  const catalog: Catalog = {
    images: [
      image("a", ["docker.io/library/debian:12"], { os: "debian", empty: "" }),
      image("b", ["quay.io/team/app:1.0", "quay.io/team/app:latest"]),
      image("c", []),
    ],
    broken: [],
  };
  const context = { catalog, defaultDomain: "docker.io", nowMs: NOW };
  const chosen = (...filters: string[]) =>
    catalog.images.filter(imageCondition(filters, context)).map(({ id }) => id.at(-1));

  test.each<[string[], string[]]>([
    [[], ["a", "b", "c"]],
    [["dangling=true"], ["c"]],
    [["dangling=0"], ["a", "b"]],
    [["reference=debian"], ["a"]],
    [
      ["reference=debian", "reference=quay.io/*/*"],
      ["a", "b"],
    ],
    [["reference=quay.io/team/app:l*"], ["b"]],
    [["label=os"], ["a"]],
    [["label=os=debian", "label=empty="], ["a"]],
    [["label=os", "label=nothing"], []],
    [["label=constructor"], []],
    [["label!=os"], ["b", "c"]],
    [["before=debian:12"], ["b", "c"]],
    [["since=c"], ["a", "b"]],
    [
      ["after=c", "dangling=false"],
      ["a", "b"],
    ],
    [["until=98h"], ["c"]],
    [["containers=true"], ["a"]],
    [["id=sha256:bb"], ["b"]],
    [["manifest=true"], ["c"]],
    [["manifest=false"], ["a", "b"]],
    [["intermediate=true"], []],
    [["readonly=false"], ["a", "b", "c"]],
    [[`digest=${digest("c")}`], ["c"]],
  ])("%j", (filters, ids) => {
    expect(chosen(...filters)).toEqual(ids);
  });

  test.each([
    ["dangling=maybe", "it is true or false"],
    ["readonly=maybe", "it is true or false"],
    ["until=soon", "neither a time nor a duration"],
    ["reference=[", "a [ has no ]"],
    ["nothing=1", 'there is no filter "nothing"'],
    ["constructor=1", 'there is no filter "constructor"'],
    ["=1", "not of the form KEY=VALUE"],
    ["dangling", "not of the form KEY=VALUE"],
    ["before=nothing", "it is not in the store"],
  ])("%s is refused", (filter, text) => {
    expect(() => chosen(filter)).toThrow(text);
  });
});
