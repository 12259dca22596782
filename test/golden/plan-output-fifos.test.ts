// Output that outlives a holder, and the holder that follows one that was killed.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { architectureNamed } from "../../src/abi/architecture.ts";
import { compileAdoption } from "../../src/plan/compile-adoption.ts";
import type { HoldEnd } from "../../src/plan/request.ts";
import { expectGolden } from "./expect-golden.ts";
import { createProgram, describeCases, listingOf } from "./plan-listing.ts";

const END: HoldEnd = {
  kind: "hold",
  stdin: false,
  directoryFd: 5,
  fifos: {
    stdout: { path: "/run/ocicat/c1/stdout", endsWithReader: false },
    stderr: { path: "/run/ocicat/c1/stderr", endsWithReader: true },
  },
};

test("output FIFOs, and a new holder for them", async () => {
  const held = createProgram({ request: { end: END } });
  const making = listingOf(held, ["process"])
    .split("\n")
    .filter((line) => /stdout|stderr/.test(line));
  const adoption = compileAdoption({
    architecture: architectureNamed("x86_64"),
    held: { pidfd: 6, initPid: 42, stdoutFd: 7, stderrFd: 8, directoryFd: 5, stdoutStays: true },
  });
  const ending = compileAdoption({
    architecture: architectureNamed("x86_64"),
    held: {
      ...{ pidfd: 6, initPid: 42, directoryFd: 5 },
      removedPaths: ["/run/ocicat/c1/attach.sock"],
      onExit: { command: ["/usr/bin/ocicat", "end"], environment: [], isLeftToPrimary: true },
    },
  });
  const afterHold = listingOf(ending, ["adoption"]).replace(/^.*\n(?= *hold)/s, "");
  const spared = compileAdoption({
    architecture: architectureNamed("x86_64"),
    held: {
      ...{ pidfd: 6, initPid: 42, directoryFd: 5, ownOomScore: -17 },
      onExit: { command: ["/usr/bin/ocicat", "end"], environment: [], isLeftToPrimary: true },
    },
  });
  const text = describeCases([
    ["stdout outlives its holder, stderr ends with its reader", making.join("\n")],
    ["a new holder", listingOf(adoption, ["adoption"])],
    ["what it removes goes, whoever sees to the rest", afterHold],
    ["spared from OOM kills, but for what it executes", listingOf(spared, ["adoption"])],
  ]);
  expect(text).toContain("mknodat");
  await expectGolden(join(import.meta.dir, "plan-output-fifos.txt"), text);
});
