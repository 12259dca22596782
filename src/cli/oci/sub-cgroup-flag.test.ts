import { expect, test } from "bun:test";
import { parseSubCgroup } from "./sub-cgroup-flag.ts";

test("one path for all, or one for each controller", () => {
  expect(parseSubCgroup([])).toBe("");
  expect(parseSubCgroup(["a/b"])).toBe("a/b");
  expect(parseSubCgroup(["pids:a"])).toEqual({ pids: "a" });
  expect(parseSubCgroup(["cpu,cpuacct:a", "name=systemd:b"])).toEqual({
    cpu: "a",
    cpuacct: "a",
    "name=systemd": "b",
  });
});

test.each([
  [["a", "b"], "has no controller"],
  [["pids:a", "b"], "has no controller"],
  [["pids:a:b"], "more than one colon"],
])("%j is refused", (words, reason) => {
  expect(() => parseSubCgroup(words)).toThrow(reason);
});
