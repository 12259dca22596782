// What users type, one command after the other: run, exec, stop and rm.

import { compare, type Measurement } from "../hyperfine.ts";
import type { Targets } from "../images/scenarios.ts";
import { commonSession } from "../session.ts";
import { callEngine, type EngineProgram, removeAll } from "./programs.ts";

export interface CommandScenario {
  readonly title: string;
  readonly comment: string;
  /** Milliseconds of ocicat's. */
  readonly limitMs?: number;
  /** By the first word of a program's name. */
  readonly targets: Readonly<Record<string, Targets>>;
  /** Executed before each run, by a shell: it makes everything as it has to be. */
  readonly prepare: (program: EngineProgram) => string;
  readonly command: (program: EngineProgram) => string;
  /** The command is a script. */
  readonly shell?: boolean;
}

export interface CommandResult {
  readonly scenario: CommandScenario;
  readonly names: readonly string[];
  /** In the order of the names. */
  readonly measurements: readonly Measurement[];
}

const ROUNDS = 2;
/** Kernel costs show that commands which follow each other at once hide. */
const REST = "sleep 0.2";
/** Of the container that stays, for exec. */
const STAYS = "bench-stays";

const words = ({ command }: EngineProgram, ...more: readonly string[]): string =>
  [...command, ...more].join(" ");

const run = (program: EngineProgram, ...flags: readonly string[]): string =>
  words(program, "run", ...flags, ...program.runFlags, program.image);

const runDetached = (program: EngineProgram): string =>
  `${run(program, "-d", "--name", "bench")} sleep 1000`;

/** What keeps a container keeps the streams of its command, too. */
const quietly = (command: string): string => `${command} </dev/null >/dev/null 2>&1`;

const script = (...commands: readonly string[]): string => `sh -c '${commands.join("; ")}'`;

const SCENARIOS: readonly CommandScenario[] = [
  {
    title: "run --rm IMAGE true",
    comment: "Without a network.",
    limitMs: 25,
    targets: { podman: { wall: 0.15 } },
    prepare: () => REST,
    command: (program) => `${run(program, "--rm")} true`,
  },
  {
    title: "run -d IMAGE sleep",
    comment: "",
    targets: {},
    prepare: (program) => script(program.removeAll, REST),
    command: (program) => quietly(runDetached(program)),
    shell: true,
  },
  {
    title: "exec CONTAINER true",
    comment: "",
    limitMs: 15,
    targets: {},
    prepare: () => REST,
    command: (program) => words(program, "exec", STAYS, "true"),
  },
  {
    title: "stop -t 0, rm",
    comment: "Two commands, one after the other. The container runs `sleep`.",
    targets: {},
    prepare: (program) => script(program.removeAll, quietly(runDetached(program)), REST),
    command: (program) =>
      `${words(program, "stop", "-t", "0", "bench")} && ${words(program, "rm", "bench")}`,
    shell: true,
  },
];

/** `runs`: of each command, in each of the rounds. */
export async function* measureCommands(
  programs: readonly EngineProgram[],
  runs: number,
): AsyncGenerator<CommandResult> {
  for (const scenario of SCENARIOS) {
    const isExec = scenario.title.startsWith("exec");
    for (const program of programs) {
      await removeAll(program);
      if (isExec) {
        const flags = ["-d", "--name", STAYS, ...program.runFlags, program.image];
        await callEngine(program, ["run", ...flags, "sleep", "1000"]);
      }
    }
    const measurements = await compare({
      commands: programs.map(scenario.command),
      preparations: programs.map(scenario.prepare),
      shell: scenario.shell ?? false,
      environment: environmentOf(programs),
      rounds: ROUNDS,
      runsPerRound: runs,
      warmup: 1,
      session: commonSession(),
    });
    yield { scenario, names: programs.map(({ name }) => name), measurements };
  }
}

/** Each program's variables mean nothing to the others. */
function environmentOf(programs: readonly EngineProgram[]): Readonly<Record<string, string>> {
  return Object.fromEntries(programs.flatMap(({ environment }) => Object.entries(environment)));
}
