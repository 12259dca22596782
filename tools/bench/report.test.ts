import { expect, test } from "bun:test";
import type { Contestant } from "./contestants.ts";
import type { Measurement } from "./hyperfine.ts";
import { page, runtimeSections, scenarioText } from "./report.ts";
import type { Scenario } from "./scenarios.ts";

const contestant = (name: string): Contestant => ({ name, slug: name, command: [], bytes: 1 });
const CONTESTANTS = [
  contestant("ocicat 0.1.0"),
  contestant("crun 1.8.1"),
  contestant("runc 1.1.5"),
];

const measured = (wallMedian: number, cpu: number): Measurement => ({
  wallMedian,
  wallMinimum: wallMedian - 1,
  wallP90: wallMedian + 1,
  cpu,
});

const SCENARIO: Scenario = {
  title: "run",
  targets: { crun: 0.75 },
  comparison: { runsPerRound: 1, rounds: 1 },
  command: () => "",
};

test("ratios are ocicat's figure over the other's, and targets are by name", () => {
  const measurements = [measured(6, 8), measured(10, 10), measured(24, 40)];
  const text = scenarioText({ scenario: SCENARIO, contestants: CONTESTANTS, measurements });
  expect(text).toContain("| ocicat 0.1.0 | 6.00 (5.00-7.00) |  | 8.00 |  |");
  expect(text).toContain("0.60 x (target 0.75: met) | 10.0 | **0.80 x (target 0.75: missed)** |");
  expect(text).toContain("| runc 1.1.5 | 24.0 (23.0-25.0) | 0.25 x | 40.0 | 0.20 x |");
});

test("a page has every part, and says what was not reported", () => {
  const machine = {
    date: "2026-01-02",
    kernel: "6.18",
    processor: "a processor",
    cores: 2,
    disk: "Stores are on a disk.",
    loadBefore: "0.1",
    loadAfter: "0.2",
  };
  const sections = runtimeSections({
    scenarios: [],
    steps: [],
    phases: [],
    library: { tight: measured(3.25, 3), paused: measured(3.75, 3) },
    leftovers: [{ what: "ocicat run", processes: [{ command: "holder", pssKilobytes: 28 }] }],
    sizes: [{ what: "stage", bytes: 40_000, limit: 32 * 1024 }],
  });
  const text = page(machine, sections);
  expect(text).toContain("# Benchmark of 2026-01-02");
  expect(text).toContain("The program reported none.");
  expect(text).toContain("| run /bin/true, tight loop | 3.25 (2.25-4.25) | 3.5: met | 3.00 |");
  expect(text).toContain("3.75 (2.75-4.75) | **3.5: missed** |");
  expect(text).toContain("| ocicat run | holder 28 KB |");
  expect(text).toContain("| stage | 39.1 KB | **32.0 KB: missed** |");
});
