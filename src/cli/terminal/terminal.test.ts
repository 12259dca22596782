// What people read: sizes, ages, tables.

import { describe, expect, test } from "bun:test";
import { absoluteTime, humanDuration, relativeAge } from "./ages.ts";
import { listPrinter } from "./list-format.ts";
import { printable } from "./printable.ts";
import { binarySize, humanSize } from "./sizes.ts";
import { formatTable } from "./table.ts";

test.each<[number, string]>([
  [0, "0B"],
  [999, "999B"],
  [1000, "1kB"],
  [1840, "1.84kB"],
  [4_265_432, "4.27MB"],
  [77_800_000, "77.8MB"],
  [117_000_001, "117MB"],
  [999_940_000, "1000MB"],
  [1_090_000_000, "1.09GB"],
  [2.5e12, "2.5TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(humanSize(bytes)).toBe(text);
});

const HOUR = 3600;
const DAY = 24 * HOUR;

test.each<[number, string]>([
  [0, "Less than a second"],
  [1, "1 second"],
  [59, "59 seconds"],
  [60, "About a minute"],
  [150, "2 minutes"],
  [HOUR, "About an hour"],
  [1.6 * HOUR, "2 hours"],
  [47 * HOUR, "47 hours"],
  [48 * HOUR, "2 days"],
  [13 * DAY, "13 days"],
  [21 * DAY, "3 weeks"],
  [59 * DAY, "8 weeks"],
  [60 * DAY, "2 months"],
  [600 * DAY, "20 months"],
  [730 * DAY, "2 years"],
])("%d seconds are %s", (seconds, text) => {
  expect(humanDuration(seconds * 1000)).toBe(text);
});

test("times", () => {
  const now = Date.UTC(2026, 10, 29, 15, 4, 5);
  expect(relativeAge(now - 21 * DAY * 1000, now)).toBe("3 weeks ago");
  expect(relativeAge(now + 5000, now)).toBe("Less than a second ago");
  expect(absoluteTime(now)).toBe("2026-11-29 15:04:05 +0000 UTC");
});

describe("tables", () => {
  test("have columns of ten at least, three apart, the last as it is", () => {
    const rows = [
      ["REPOSITORY", "TAG", "SIZE"],
      ["debian", "12", "117MB"],
      ["registry.example/a", "1", "1B"],
    ];
    expect(formatTable(rows)).toBe(
      [
        "REPOSITORY           TAG       SIZE",
        "debian               12        117MB",
        "registry.example/a   1         1B",
        "",
      ].join("\n"),
    );
    expect(formatTable([])).toBe("");
  });

  test("count the places of wide characters", () => {
    expect(formatTable([["漢字漢字漢字", "x"]])).toBe("漢字漢字漢字   x\n");
    expect(formatTable([["e\u0301", "x"]])).toBe("e\u0301         x\n");
  });
});

test("what a terminal would obey is shown instead", () => {
  expect(printable("a\tb\nc")).toBe("a\tb\nc");
  expect(printable("\x1b]0;title\x07\x9b2J\r\x7f")).toBe("\\x1b]0;title\\x07\\x9b2J\\x0d\\x7f");
  expect(printable("left\u202eright\u2066")).toBe("left\\u202eright\\u2066");
  expect(printable("grüße 漢字 👩‍👩‍👧")).toBe("grüße 漢字 👩‍👩‍👧");
});

describe("lists", () => {
  test("have texts of others, which draw nothing", () => {
    const print = (format: string | undefined) =>
      listPrinter(
        { columns: "{{.A}}\\t{{.B}}", heads: { A: "A", B: "B" }, name: "A" },
        { format, quiet: false },
      )([{ A: "a\tb\nc", B: "\x1b[2Jx" }]);
    expect(print(undefined)).toBe("A         B\na b c     \\x1b[2Jx\n");
    expect(print("{{.B}}")).toBe("\\x1b[2Jx\n");
    expect(print("json")).toBe('{"A":"a\\tb\\nc","B":"\\u001b[2Jx"}\n');
  });

  const LISTING = {
    columns: "{{.ID}}\\t{{.Size}}",
    heads: { ID: "IMAGE ID", Size: "SIZE", Tag: "TAG" },
    name: "ID",
  };
  const ROWS = [
    { ID: "abc", Size: "1kB", Tag: "latest" },
    { ID: "def", Size: "20MB", Tag: "12" },
  ];
  const show = (format?: string, quiet = false) => listPrinter(LISTING, { format, quiet })(ROWS);

  test.each<[string | undefined, string]>([
    [undefined, "IMAGE ID   SIZE\nabc        1kB\ndef        20MB\n"],
    ["table", "IMAGE ID   SIZE\nabc        1kB\ndef        20MB\n"],
    ["table {{.Tag}}\\t{{upper .ID}}", "TAG       IMAGE ID\nlatest    ABC\n12        DEF\n"],
    [
      'table {{.Tag}}\\t{{index (split .Size "M") 0}}',
      "TAG       SIZE\nlatest    1kB\n12        20\n",
    ],
    ["{{.ID}}:{{.Tag}}", "abc:latest\ndef:12\n"],
    ["json", '{"ID":"abc","Size":"1kB","Tag":"latest"}\n{"ID":"def","Size":"20MB","Tag":"12"}\n'],
    [
      "{{json .}}",
      '{"ID":"abc","Size":"1kB","Tag":"latest"}\n{"ID":"def","Size":"20MB","Tag":"12"}\n',
    ],
  ])("--format %p", (format, text) => {
    expect(show(format)).toBe(text);
  });

  test("--quiet shows names alone, but a template is a template", () => {
    expect(show(undefined, true)).toBe("abc\ndef\n");
    expect(show("table", true)).toBe("abc\ndef\n");
    expect(show("{{.Tag}}", true)).toBe("latest\n12\n");
  });

  test("a wrong template is refused before there are rows", () => {
    expect(() => listPrinter(LISTING, { format: "{{.ID", quiet: false })).toThrow("not closed");
    expect(() => show("table {{.Nope}}")).toThrow("there is no such field");
  });
});

test("sizes of memory", () => {
  const shown = [0, 1023, 1024, 1536, 2_087_000_000, 64 * 2 ** 20].map(binarySize);
  expect(shown).toEqual(["0B", "1023B", "1KiB", "1.5KiB", "1.944GiB", "64MiB"]);
});
