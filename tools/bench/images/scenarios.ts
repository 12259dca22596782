// What is measured of programs that keep images, and the targets.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../peers/command.ts";
import { median } from "../statistics.ts";
import { type Program, type Programs, skopeoAndUmoci } from "./programs.ts";
import { type Contestant, runOnce, type Sample } from "./run-once.ts";
import { setAside } from "./set-aside.ts";
import type { Subjects } from "./subjects.ts";

export interface Targets {
  /** The most that ocicat may take, as a share of the contestant's wall time. */
  readonly wall?: number;
  readonly cpu?: number;
}

export interface ImageScenario {
  readonly title: string;
  readonly comment: string;
  /** The first is ocicat. */
  readonly contestants: readonly Contestant[];
  /** By a contestant's name, or by its first word; "fastest peer" is the one that took the least time. */
  readonly targets: Readonly<Record<string, Targets>>;
}

export interface Figures {
  readonly name: string;
  readonly wallMedianMs: number;
  readonly wallLeastMs: number;
  readonly wallMostMs: number;
  readonly cpuMedianMs: number;
  readonly peakBytes: number;
}

export interface ImageResult {
  readonly scenario: ImageScenario;
  readonly figures: readonly Figures[];
}

/** The contestants take turns: a machine that slows down does so for all. */
export async function measureImageScenario(
  scenario: ImageScenario,
  rounds: number,
): Promise<ImageResult> {
  const samples = new Map<Contestant, Sample[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const contestant of scenario.contestants) {
      const sample = await runOnce(contestant);
      samples.set(contestant, [...(samples.get(contestant) ?? []), sample]);
    }
  }
  return { scenario, figures: [...samples].map(([{ name }, all]) => figuresOf(name, all)) };
}

function figuresOf(name: string, samples: readonly Sample[]): Figures {
  const walls = samples.map(({ wallMs }) => wallMs);
  return {
    name,
    wallMedianMs: median(walls),
    wallLeastMs: Math.min(...walls),
    wallMostMs: Math.max(...walls),
    cpuMedianMs: median(samples.map(({ cpuMs }) => cpuMs)),
    peakBytes: Math.max(...samples.map(({ peakBytes }) => peakBytes)),
  };
}

export function imageScenarios(
  programs: Programs,
  subjects: Subjects,
  folder: string,
): readonly ImageScenario[] {
  const all = [programs.ocicat, programs.directories, ...programs.peers];
  return [
    layerScenario(programs, subjects, folder),
    removeScenario(all, subjects),
    pullScenario([...all, skopeoAndUmoci(folder)], subjects),
    loadScenario(all, subjects),
  ];
}

function contestant(
  program: Program,
  command: readonly string[],
  prepare = program.empty,
): Contestant {
  const { name, environment, daemons } = program;
  return {
    name,
    prepare,
    command,
    ...(environment === undefined ? {} : { environment }),
    ...(daemons === undefined ? {} : { daemons }),
  };
}

function pullScenario(programs: readonly Program[], { reference }: Subjects): ImageScenario {
  return {
    title: "pull from a registry on loopback, until containers can use it",
    comment: "One gzip layer of 87 MB. The registry's own CPU time is not counted.",
    contestants: programs.map((program) => contestant(program, program.pull(reference))),
    targets: { "fastest peer": { wall: 0.3 } },
  };
}

function loadScenario(programs: readonly Program[], { archive }: Subjects): ImageScenario {
  return {
    title: "load a docker archive",
    comment: "As `docker save` writes it, with an uncompressed layer.",
    contestants: programs.flatMap((program) => {
      const command = program.load?.(archive);
      return command === undefined ? [] : [contestant(program, command)];
    }),
    targets: {},
  };
}

/** ocicat, the floor of what any program has to do, and umoci. */
function layerScenario(programs: Programs, subjects: Subjects, folder: string): ImageScenario {
  const root = join(folder, "extracted");
  const emptyRoot = async (): Promise<void> => {
    await setAside(folder, root);
    mkdirSync(root);
  };
  const { layout, compressedLayer, layer } = subjects;
  const floor = (name: string, script: string, ...words: string[]): Contestant => ({
    name,
    prepare: emptyRoot,
    command: ["sh", "-c", script, "sh", ...words, root],
  });
  return {
    title: "from a .tar.gz layer to a root file system",
    comment:
      "ocicat loads an image layout, whose compressed layer it shares (a hard link) and verifies. " +
      "It has written all of the rest to the disk when it ends, as the lines with sync have.",
    contestants: [
      contestant(programs.ocicat, programs.ocicat.load?.(layout) ?? []),
      contestant(programs.directories, programs.directories.load?.(layout) ?? []),
      floor("tar -xz", 'tar -xpzf "$1" -C "$2"', compressedLayer),
      floor("tar -xz, sync", 'tar -xpzf "$1" -C "$2" && sync -f "$2"', compressedLayer),
      floor("plain write, sync", 'dd if="$1" of="$2/copy" bs=1M conv=fsync status=none', layer),
      floor("umoci unpack", 'umoci raw unpack --image "$1:latest" "$2/root"', layout),
    ],
    targets: { "tar -xz": { wall: 0.5, cpu: 0.4 } },
  };
}

function removeScenario(programs: readonly Program[], subjects: Subjects): ImageScenario {
  const { reference } = subjects;
  return {
    title: "remove the image",
    comment: "With all of its content. Each has pulled it before.",
    contestants: programs.flatMap((program) => {
      const command = program.remove?.(reference);
      const fill = async (): Promise<void> => {
        await program.empty();
        const options = { seconds: 300, environment: program.environment ?? {} };
        await must(program.pull(reference), options);
      };
      return command === undefined ? [] : [contestant(program, command, fill)];
    }),
    targets: { podman: { wall: 0.05 } },
  };
}
