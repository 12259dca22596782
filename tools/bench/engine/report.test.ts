import { expect, test } from "bun:test";
import {
  attachText,
  commandText,
  logsText,
  memoryText,
  startsText,
  supervisorText,
} from "./report.ts";

const measured = (wallMedian: number, cpu: number) => ({
  wallMedian,
  wallMinimum: wallMedian - 1,
  wallP90: wallMedian + 1,
  cpu,
});

test("a command: ocicat against a limit, the others as ratios", () => {
  const text = commandText({
    scenario: {
      title: "run",
      comment: "A comment.",
      limitMs: 25,
      targets: { podman: { wall: 0.15 } },
      prepare: () => "",
      command: () => "",
    },
    names: ["ocicat", "podman 4.3.1, crun", "docker 20.10"],
    measurements: [measured(26, 10), measured(260, 100), measured(520, 20)],
  });
  expect(text).toStartWith("## run\n\nA comment. Milliseconds;");
  expect(text).toContain("| ocicat | 26.0 (25.0-27.0) | **target 25.0: missed** | 10.0 |  |");
  expect(text).toContain("| 260.0 (259.0-261.0) | 0.10 x (target 0.15: met) | 100.0 | 0.10 x |");
  expect(text).toContain("| docker 20.10 | 520.0 (519.0-521.0) | 0.05 x | 20.0 | 0.50 x |");
});

test("starts at once", () => {
  const start = (name: string, wallMs: number) => ({
    name,
    containers: 100,
    wallMs,
    cpuMs: wallMs,
  });
  const text = startsText([start("ocicat", 2500), start("podman", 10_000)]);
  expect(text).toStartWith("## start 100 containers at once");
  expect(text).toContain("| ocicat | 2.50 s | target 3.00 s: met | 2.50 s |  |");
  expect(text).toContain("| podman | 10.00 s | 0.25 x | 10.00 s | 0.25 x |");
});

test("memory: daemons count, and like is compared with like", () => {
  const memory = (name: string, containers: number, keepersPss: number, daemonsPss: number) => ({
    name,
    containers,
    processes: containers,
    keepersPss,
    daemonsPss,
  });
  const text = memoryText([
    memory("ocicat", 100, 5000, 0),
    memory("ocicat", 500, 35_000, 0),
    memory("docker", 100, 80_000, 20_000),
    memory("docker", 500, 600_000, 100_000),
  ]);
  expect(text).toContain("| ocicat | 100 | 100 | 5000 | 0 | 50.0 | target 60: met |");
  expect(text).toContain("| ocicat | 500 | 500 | 35000 | 0 | 70.0 | **target 60: missed** |");
  expect(text).toContain("| docker | 100 | 100 | 80000 | 20000 | 1000.0 | 0.05 x |");
  expect(text).toContain("| docker | 500 | 500 | 600000 | 100000 | 1400.0 | 0.05 x |");
});

test("the supervisor", () => {
  const text = supervisorText({ containers: 20, pss: 30 * 1024, rss: 70 * 1024 });
  expect(text).toContain("| 30.0 MB | 70.0 MB | target 60.0 MB: met |");
});

test("logs: the targets are conmon's", () => {
  const log = (name: string, bytesPerSecond: number, cpuMsPerGigabyte: number) => ({
    name,
    bytesPerSecond,
    cpuMsPerGigabyte,
  });
  const text = logsText([
    log("ocicat", 4e8, 1500),
    log("podman 4.3.1, crun", 2e8, 3000),
    log("docker", 1e8, 10_000),
  ]);
  expect(text).toContain("| ocicat | 400 MB/s |  | 1.50 s |  |");
  expect(text).toContain("200 MB/s | 2.00 x (target 1.5: met) | 3.00 s | 0.50 x (target 1: met) |");
  expect(text).toContain("| docker | 100 MB/s | 4.00 x | 10.00 s | 0.15 x |");
  const slow = logsText([log("ocicat", 2e8, 2000), log("podman", 2e8, 1000)]);
  expect(slow).toContain(
    "**1.00 x (target 1.5: missed)** | 1.00 s | **2.00 x (target 1: missed)**",
  );
});

test("attach", () => {
  const text = attachText([
    { name: "ocicat", medianMs: 0.2, p90Ms: 0.3 },
    { name: "podman", medianMs: 0.4, p90Ms: 0.9 },
  ]);
  expect(text).toContain("| ocicat | 0.200 (0.300) |  |");
  expect(text).toContain("| podman | 0.400 (0.900) | 0.50 x |");
});
