import { expect, test } from "bun:test";
import { parseLaunchNotes, takeLaunchNotes } from "./launch-notes.ts";

const FULL = "v2;nofile=1024:524288;closed=0,2;fds=3,7,200,more;cwd=lost:9";

test("all fields", () => {
  expect(parseLaunchNotes(FULL)).toEqual({
    openFilesLimit: { soft: 1024, hard: 524288 },
    closedStandardFds: [0, 2],
    inheritedFds: [3, 7, 200],
    inheritedFdsAreComplete: false,
    lostDirectory: 9,
  });
});

test("empty lists are left out", () => {
  const notes = parseLaunchNotes("v2;nofile=8:8;cwd=kept");
  expect(notes.closedStandardFds).toEqual([]);
  expect(notes.inheritedFds).toEqual([]);
  expect(notes.inheritedFdsAreComplete).toBe(true);
});

test("are taken out of the environment, where there are any", () => {
  const environment: Record<string, string | undefined> = { OCICAT_LAUNCH: FULL, HOME: "/" };
  expect(takeLaunchNotes(environment)?.openFilesLimit.soft).toBe(1024);
  expect(environment).toEqual({ HOME: "/" });
  expect(takeLaunchNotes(environment)).toBeUndefined();
});

test("refuses every truncation and what else is not the launcher's", () => {
  for (let length = 0; length < FULL.length; length++) {
    expect(() => parseLaunchNotes(FULL.slice(0, length))).toThrow("parse OCICAT_LAUNCH");
  }
  expect(() => parseLaunchNotes(`${FULL};more=1`)).toThrow("parse OCICAT_LAUNCH");
  expect(() => parseLaunchNotes(FULL.replace("v2", "v1"))).toThrow("parse OCICAT_LAUNCH");
  expect(() => parseLaunchNotes(FULL.replace("0,2", "0,3"))).toThrow("parse OCICAT_LAUNCH");
});
