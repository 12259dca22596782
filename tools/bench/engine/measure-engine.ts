// Containers: ocicat beside podman with crun and conmon. Docker's daemon is measured with images alone.

import { readdirSync, readFileSync } from "node:fs";
import { removePodmanCgroups } from "../../peers/podman-cgroups.ts";
import { imageResultText } from "../images/report.ts";
import type { Contestant } from "../images/run-once.ts";
import { type ImageScenario, measureImageScenario } from "../images/scenarios.ts";
import { parsePss } from "../memory.ts";
import { commonSession, inCommonSession } from "../session.ts";
import { table } from "../table.ts";
import { type EngineProgram, prepareEngines } from "./programs.ts";

const ROUNDS = Number(process.env["OCICAT_BENCH_ROUNDS"] ?? "10");
const AT_ONCE = Number(process.env["OCICAT_BENCH_CONTAINERS"] ?? "100");
const PSS_TARGET_KILOBYTES = 60;

/** Returns the sections of the page. */
export async function measureEngine(folder: string): Promise<readonly string[]> {
  const programs = await prepareEngines(folder);
  const sections: string[] = [];
  try {
    for (const scenario of scenarios(programs)) {
      console.error(scenario.title);
      const rounds = scenario.title.startsWith("start") ? Math.min(ROUNDS, 3) : ROUNDS;
      sections.push(imageResultText(await measureImageScenario(scenario, rounds)));
    }
    sections.push(await measureMemory(programs));
  } finally {
    for (const program of programs) {
      await removeAll(program);
    }
    removePodmanCgroups();
  }
  return sections;
}

/** `script`: a shell's, in which "$@" is the program with its `run` and flags, and $IMAGE the image. */
function scripted(program: EngineProgram, script: string): string[] {
  const { command, runFlags, image } = program;
  const functions = `ocb() { ${command.join(" ")} "$@"; }; flags="${runFlags.join(" ")}"; image=${image};`;
  return [...commonSession(), "sh", "-c", `${functions} ${script}`];
}

function scenarios(programs: readonly EngineProgram[]): readonly ImageScenario[] {
  const all = (script: string): Contestant[] =>
    programs.map((program) => ({
      name: program.name,
      prepare: () => removeAll(program),
      command: scripted(program, script),
    }));
  return [
    {
      title: "run --rm IMAGE true",
      comment: "Without a network. Peak memory is that of the largest process.",
      contestants: all("ocb run --rm $flags $image true"),
      targets: { podman: { wall: 0.15 } },
    },
    {
      title: "run -d, stop -t 0, rm",
      comment: "Three commands, one after the other.",
      contestants: all(
        "ocb run -d --name bench $flags $image sleep 1000 && ocb stop -t 0 bench && ocb rm bench",
      ),
      targets: {},
    },
    {
      title: `start ${AT_ONCE} containers at once`,
      comment: "Each by a `run -d` of its own; all are waited for.",
      contestants: all(startMany()),
      targets: {},
    },
  ];
}

function startMany(): string {
  // What keeps a container keeps the streams of its command, too, and nobody waits for those to close.
  const run = "ocb run -d $flags $image sleep 1000 </dev/null >/dev/null 2>&1";
  return `for i in $(seq ${AT_ONCE}); do ${run} & done; wait`;
}

async function removeAll(program: EngineProgram): Promise<void> {
  await inCommonSession([...program.command, ...program.removeAll]);
}

/** What is there for idle containers besides their own processes, everything counted. */
async function measureMemory(programs: readonly EngineProgram[]): Promise<string> {
  const rows: string[][] = [];
  for (const program of programs) {
    await removeAll(program);
    const before = new Set(pidsOf(program.keeper));
    await inCommonSession(scripted(program, startMany()).slice(commonSession().length));
    const keepers = pidsOf(program.keeper).filter((pid) => !before.has(pid));
    const total = keepers.reduce((sum, pid) => sum + pssOf(pid), 0);
    const each = total / AT_ONCE;
    const verdict = each <= PSS_TARGET_KILOBYTES ? "met" : "missed";
    const isOwn = program === programs[0];
    const target = isOwn ? ` (target ${PSS_TARGET_KILOBYTES}: ${verdict})` : "";
    rows.push([program.name, String(keepers.length), `${total}`, `${each.toFixed(1)}${target}`]);
    await removeAll(program);
  }
  const head = ["", "processes", "PSS of all, KB", "PSS a container, KB"];
  return `## Memory of ${AT_ONCE} idle containers\n\nWithout their own processes.\n\n${table(head, rows)}`;
}

function pidsOf(keeper: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && commandOf(name).includes(keeper))
    .map(Number);
}

function commandOf(pid: string): string {
  return readIfThere(`/proc/${pid}/comm`);
}

function pssOf(pid: number): number {
  return parsePss(readIfThere(`/proc/${pid}/smaps_rollup`)) ?? 0;
}

/** "": it has ended. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
