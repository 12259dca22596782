// Where the time of `ocicat-runtime run` goes.
//
// Twice: from outside, by commands that each do one step more than the one before; and from inside,
// when OCICAT_PHASES=1 makes ocicat say on stderr, for each phase of the short path,
//
//   phase NAME WALL_MICROSECONDS CPU_MICROSECONDS

import { join } from "node:path";
import { COMPILE_OPTIONS, PROGRAM_OPTIONS } from "../bundle.ts";
import { run } from "../peers/command.ts";
import type { Bundles } from "./bundles.ts";
import type { Contestant } from "./contestants.ts";
import { compare, type Measurement } from "./hyperfine.ts";
import { commonSession } from "./session.ts";
import { median } from "./statistics.ts";

export interface Step {
  readonly name: string;
  readonly measurement: Measurement;
}

export async function measureSteps(
  ocicat: Contestant,
  { plain }: Bundles,
  folder: string,
): Promise<Step[]> {
  const runtime = ocicat.command.join(" ");
  const program = runtime.replace(/ocicat-runtime .*$/, "ocicat");
  const steps = [
    { name: "an empty compiled program", command: await compileEmptyProgram(folder) },
    { name: "--version: launcher, the own program", command: `${runtime} --version` },
    { name: "explain: parse, probe, compile, print", command: `${program} explain ${plain}` },
    { name: "run /bin/true", command: `${runtime} run --bundle ${plain} ocicat-bench-steps` },
  ];
  const commands = steps.map(({ command }) => command);
  const comparison = { runsPerRound: 25, rounds: 4, session: commonSession(), commands };
  const measurements = await compare(comparison);
  return steps.flatMap(({ name }, index) => {
    const measurement = measurements[index];
    return measurement === undefined ? [] : [{ name, measurement }];
  });
}

async function compileEmptyProgram(folder: string): Promise<string> {
  const source = join(folder, "empty.ts");
  const program = join(folder, "empty");
  await Bun.write(source, "export {};\n");
  await Bun.build({
    ...PROGRAM_OPTIONS,
    entrypoints: [source],
    compile: { ...COMPILE_OPTIONS, outfile: program },
  });
  return program;
}

export interface Phase {
  readonly name: string;
  readonly wallMicroseconds: number;
  readonly cpuMicroseconds: number;
}

const PHASE = /^phase (\S+) (\d+) (\d+)$/gm;

export function parsePhases(stderr: string): Phase[] {
  return [...stderr.matchAll(PHASE)].map((match) => ({
    name: match[1] ?? "",
    wallMicroseconds: Number(match[2]),
    cpuMicroseconds: Number(match[3]),
  }));
}

/** The median of each phase over some runs, in the order of the first run. */
export function medianPhases(runs: readonly (readonly Phase[])[]): Phase[] {
  return (runs[0] ?? []).map(({ name }) => {
    const same = runs.flatMap((phases) => phases.filter((phase) => phase.name === name));
    return {
      name,
      wallMicroseconds: median(same.map((phase) => phase.wallMicroseconds)),
      cpuMicroseconds: median(same.map((phase) => phase.cpuMicroseconds)),
    };
  });
}

export async function measurePhases(ocicat: Contestant, { plain }: Bundles): Promise<Phase[]> {
  const command = [...ocicat.command, "run", "--bundle", plain, "ocicat-bench-phases"];
  const runs: Phase[][] = [];
  for (let index = 0; index < 30; index += 1) {
    const environment = { OCICAT_PHASES: "1" };
    const result = await run([...commonSession(), ...command], { environment });
    runs.push(parsePhases(result.stderr));
  }
  return medianPhases(runs);
}
