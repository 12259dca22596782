import { describe, expect, test } from "bun:test";
import { checkWording } from "./wording.ts";

describe("wording", () => {
  const check = (text: string) => checkWording({ path: "docs/a.md", text });

  test.each([
    "see /work/main/src",
    "measured in the last session",
    "a workplace rule",
    "as requested, the flag is gone",
  ])("%p speaks of something else than the project", (line) => {
    expect(check(line)).toHaveLength(1);
  });

  test("the project's own words do not", () => {
    const text = "It leads its own session (setsid).\noverlay: lower, upper, /var/lib/x/work/a\n";
    expect(check(text)).toEqual([]);
  });
});
