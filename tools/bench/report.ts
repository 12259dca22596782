// The page that a benchmark leaves in docs/benchmarks.

import type { Measurement } from "./hyperfine.ts";
import type { LibraryResult } from "./library.ts";
import type { Leftover } from "./memory.ts";
import type { Phase, Step } from "./phases.ts";
import type { ScenarioResult } from "./scenarios.ts";
import { bytes, milliseconds, ratio, table } from "./table.ts";

export interface Machine {
  readonly date: string;
  readonly kernel: string;
  readonly processor: string;
  readonly cores: number;
  /** A sentence: where stores and state are. */
  readonly disk: string;
  readonly loadBefore: string;
  readonly loadAfter: string;
}

export interface RuntimeResults {
  readonly scenarios: readonly ScenarioResult[];
  readonly steps: readonly Step[];
  readonly phases: readonly Phase[];
  readonly library: LibraryResult;
  readonly leftovers: readonly { readonly what: string; readonly processes: readonly Leftover[] }[];
  readonly sizes: readonly {
    readonly what: string;
    readonly bytes: number;
    readonly limit?: number;
  }[];
}

/** From a running process, milliseconds. */
const LIBRARY_TARGET = 3.5;

/** Of the whole page. */
export function page(machine: Machine, sections: readonly string[]): string {
  return [
    `# Benchmark of ${machine.date}`,
    machineText(machine),
    "The median of the wall time (its least to its most, or to its 90th percentile), and the CPU time of " +
      "the command and all it waited for. Ratio: ocicat's figure over the other's.",
    ...sections,
    "",
  ].join("\n\n");
}

/** Their times are milliseconds. */
export function runtimeSections(results: RuntimeResults): readonly string[] {
  return [
    ...results.scenarios.map(scenarioText),
    stepsText(results.steps),
    phasesText(results.phases),
    libraryText(results.library),
    leftoversText(results.leftovers),
    sizesText(results.sizes),
  ];
}

function machineText(machine: Machine): string {
  return (
    `${machine.processor}, ${machine.cores} cores, Linux ${machine.kernel}. ` +
    `Load average before ${machine.loadBefore}, after ${machine.loadAfter}. ` +
    `${machine.disk} Made by \`npm run bench\`.`
  );
}

export function scenarioText({ scenario, contestants, measurements }: ScenarioResult): string {
  const own = measurements[0];
  const rows = measurements.map((measurement, index) => {
    const name = contestants[index]?.name ?? "";
    const limit = scenario.targets[name.split(" ")[0] ?? ""];
    const isOwn = index === 0 || own === undefined;
    return [
      name,
      wallText(measurement),
      isOwn ? "" : ratio(own.wallMedian / measurement.wallMedian, limit),
      milliseconds(measurement.cpu),
      isOwn ? "" : ratio(own.cpu / measurement.cpu, limit),
    ];
  });
  return `## ${scenario.title}\n\n${table(["", "wall", "ratio", "CPU", "ratio"], rows)}`;
}

function wallText({ wallMedian, wallMinimum, wallP90 }: Measurement): string {
  return `${milliseconds(wallMedian)} (${milliseconds(wallMinimum)}-${milliseconds(wallP90)})`;
}

function stepsText(steps: readonly Step[]): string {
  const rows = steps.map(({ name, measurement }, index) => {
    const before = steps[index - 1]?.measurement;
    const more = before === undefined ? "" : signed(measurement.cpu - before.cpu);
    return [name, wallText(measurement), milliseconds(measurement.cpu), more];
  });
  return `## Step by step\n\n${table(["", "wall", "CPU", "more CPU than the step before"], rows)}`;
}

function phasesText(phases: readonly Phase[]): string {
  if (phases.length === 0) {
    return "## Phases of run\n\nThe program reported none.";
  }
  const rows = phases.map(({ name, wallMicroseconds, cpuMicroseconds }) => [
    name,
    milliseconds(wallMicroseconds / 1000),
    milliseconds(cpuMicroseconds / 1000),
  ]);
  return `## Phases of run\n\n${table(["", "wall", "CPU"], rows)}`;
}

function libraryText(library: LibraryResult): string {
  const rows = [
    ["run /bin/true, tight loop", library.tight],
    ["run /bin/true, 0.2 s between runs", library.paused],
  ] as const;
  const cells = rows.map(([name, measurement]) => [
    name,
    wallText(measurement),
    verdict(measurement.wallMedian, LIBRARY_TARGET),
    milliseconds(measurement.cpu),
  ]);
  return `## From a running process\n\n${table(["", "wall", "target", "CPU"], cells)}`;
}

function verdict(value: number, limit: number): string {
  return value <= limit ? `${limit}: met` : `**${limit}: missed**`;
}

function leftoversText(leftovers: RuntimeResults["leftovers"]): string {
  const rows = leftovers.map(({ what, processes }) => [
    what,
    processes.length === 0
      ? "nothing"
      : processes.map(({ command, pssKilobytes }) => `${command} ${pssKilobytes} KB`).join(", "),
  ]);
  return `## What stays in memory beside a running container (PSS)\n\n${table(["", ""], rows)}`;
}

function sizesText(sizes: RuntimeResults["sizes"]): string {
  const rows = sizes.map(({ what, bytes: count, limit }) => [
    what,
    bytes(count),
    limit === undefined ? "" : verdict(count, limit).replace(String(limit), bytes(limit)),
  ]);
  return `## Sizes\n\n${table(["", "", "target"], rows)}`;
}

function signed(difference: number): string {
  return difference < 0 ? `-${milliseconds(-difference)}` : `+${milliseconds(difference)}`;
}
