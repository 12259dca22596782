import { expect, test } from "bun:test";
import { imageResultText, mountText } from "./report.ts";
import type { Figures, ImageScenario } from "./scenarios.ts";

const SCENARIO: ImageScenario = {
  title: "pull",
  comment: "A comment.",
  contestants: [],
  targets: { "tar -xz": { wall: 0.5, cpu: 0.4 }, "fastest peer": { wall: 0.3 } },
};

function figures(name: string, wallMs: number, cpuMs: number): Figures {
  return {
    name,
    wallMedianMs: wallMs,
    wallLeastMs: wallMs - 1,
    wallMostMs: wallMs + 1,
    cpuMedianMs: cpuMs,
    peakBytes: 3 * 1024 * 1024,
  };
}

test("ratios and targets: by name, or of the peer that took the least time", () => {
  const text = imageResultText({
    scenario: SCENARIO,
    figures: [
      figures("ocicat", 500, 300),
      figures("ocicat, directories", 800, 600),
      figures("tar -xz", 800, 1000),
      figures("podman 4.3.1", 4000, 5000),
      figures("docker 20.10", 1700, 5000),
    ],
  });
  expect(text).toStartWith("## pull\n\nA comment.\n\n");
  expect(text).toContain("| ocicat | 500.0 ms (499.0 ms-501.0 ms) |  | 300.0 ms |  | 3.0 MB |");
  expect(text).toContain("**0.63 x (target 0.5: missed)** | 1.00 s | 0.30 x (target 0.4: met) |");
  expect(text).toContain("| podman 4.3.1 | 4.00 s (4.00 s-4.00 s) | 0.13 x | 5.00 s |");
  expect(text).toContain("| docker 20.10 | 1.70 s (1.70 s-1.70 s) | 0.29 x |");
});

test("mounts against their targets", () => {
  const text = mountText([{ what: "1 layer", coldMs: 3, sharedMs: 1.5 }]);
  expect(text).toContain("| 1 layer | 3.00 (target 10: met) | **1.50 (target 1: missed)** |");
});
