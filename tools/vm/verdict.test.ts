import { describe, expect, test } from "bun:test";
import type { FileVerdict } from "../testing/file-verdict.ts";
import {
  decodeVerdict,
  encodeVerdict,
  type GuestEnd,
  judgeBoot,
  ownPlan,
  type Plan,
  planArgument,
  type Verdict,
} from "./verdict.ts";

const PLAN: Plan = {
  name: "example",
  mode: "cgroup2",
  processors: 1,
  work: { kind: "tests", files: ["a.test.ts", "b.test.ts"], fileTimeoutMs: 1000 },
};

function fileVerdict(passed: number, failed = 0): FileVerdict {
  return { tally: { passed, failed, skipped: 0 }, skippedNames: [], complaints: [] };
}

function ended(verdict: Verdict | undefined): GuestEnd {
  return { manner: "its time was up after 3 s", verdict };
}

function diskWith(content: Uint8Array): Uint8Array {
  const disk = new Uint8Array(4096);
  disk.set(content);
  return disk;
}

describe("a guest's plan", () => {
  const longer: Plan = { ...PLAN, name: "example-2" };

  test("is the one that its kernel's arguments name", () => {
    const commandLine = (plan: Plan) => `quiet ${planArgument(plan)} panic=-1\n`;
    expect(ownPlan([longer, PLAN], commandLine(PLAN))).toBe(PLAN);
    expect(ownPlan([PLAN, longer], commandLine(longer))).toBe(longer);
  });

  test("is missed when they name none", () => {
    expect(() => ownPlan([PLAN], "quiet panic=-1")).toThrow("none of the plans");
    expect(() => ownPlan([PLAN], `quiet ${planArgument(longer)}`)).toThrow("none of the plans");
  });
});

describe("the verdict disk", () => {
  const verdict: Verdict = { files: { "a.test.ts": fileVerdict(3) }, commandStatus: 2 };

  test("gives back what the guest wrote", () => {
    expect(decodeVerdict(diskWith(encodeVerdict(verdict)))).toEqual(verdict);
  });

  test("gives back the later of two verdicts, even a shorter one", () => {
    const disk = diskWith(encodeVerdict(verdict));
    disk.set(encodeVerdict({ files: {} }));
    expect(decodeVerdict(disk)).toEqual({ files: {} });
  });

  test("holds none when the guest never wrote", () => {
    expect(decodeVerdict(new Uint8Array(4096))).toBeUndefined();
  });

  test("holds none when it was torn at any byte", () => {
    const content = encodeVerdict(verdict);
    for (let length = 0; length < content.length; length += 1) {
      expect(decodeVerdict(content.subarray(0, length))).toBeUndefined();
    }
  });
});

describe("a boot's result", () => {
  test("adds up its files", () => {
    const files = { "a.test.ts": fileVerdict(3), "b.test.ts": fileVerdict(1, 2) };
    expect(judgeBoot(PLAN, ended({ files })).tally).toEqual({ passed: 4, failed: 2, skipped: 0 });
  });

  test("counts each file that the guest says nothing about as failed", () => {
    const files = { "a.test.ts": fileVerdict(3) };
    expect(judgeBoot(PLAN, ended({ files })).tally).toEqual({ passed: 3, failed: 1, skipped: 0 });
    const unheard = judgeBoot(PLAN, ended(undefined));
    expect(unheard.tally).toEqual({ passed: 0, failed: 2, skipped: 0 });
    expect(unheard.complaints[0]).toEndWith("verdict: its time was up after 3 s");
  });

  test("counts a command by its status", () => {
    const plan: Plan = { ...PLAN, work: { kind: "command", command: "true" } };
    expect(judgeBoot(plan, ended({ files: {}, commandStatus: 0 })).tally.failed).toBe(0);
    expect(judgeBoot(plan, ended({ files: {}, commandStatus: 1 })).tally.failed).toBe(1);
    expect(judgeBoot(plan, ended(undefined)).tally.failed).toBe(1);
  });
});
