// What is measured of every runtime, and the targets.

import { run as runCommand } from "../peers/command.ts";
import type { Bundles } from "./bundles.ts";
import type { Contestant } from "./contestants.ts";
import { type Comparison, compare, type Measurement } from "./hyperfine.ts";
import { commonSession, inCommonSession } from "./session.ts";

export interface Scenario {
  readonly title: string;
  /** The most that ocicat may take, as a share of what the runtime of that name takes. */
  readonly targets: Readonly<Record<string, number>>;
  readonly comparison: Omit<Comparison, "commands" | "session">;
  readonly command: (contestant: Contestant, bundles: Bundles) => string;
}

const TIGHT = { runsPerRound: 25, rounds: 4 };
const PAUSED = { runsPerRound: 15, rounds: 3, pause: 0.2 };

type Role = "run" | "verbs" | "exec";

/** Each runtime has its own: two of them must not meet in one cgroup. */
const idOf = (contestant: Contestant, role: Role) => `ocicat-bench-${role}-${contestant.slug}`;

const words = (contestant: Contestant, ...more: readonly string[]) =>
  [...contestant.command, ...more].join(" ");

const run = (bundle: keyof Bundles) => (contestant: Contestant, bundles: Bundles) =>
  words(contestant, "run", "--bundle", bundles[bundle], idOf(contestant, "run"));

const exec = (contestant: Contestant) =>
  words(contestant, "exec", idOf(contestant, "exec"), "/bin/true");

function createStartDelete(contestant: Contestant, { sleeping }: Bundles): string {
  const id = idOf(contestant, "verbs");
  const create = words(contestant, "create", "--bundle", sleeping, id);
  const start = words(contestant, "start", id);
  // The container inherits the streams of create; they must not keep hyperfine waiting.
  return `${create} </dev/null >/dev/null 2>&1 && ${start} && ${words(contestant, "delete", "--force", id)}`;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    title: "run /bin/true, tight loop",
    targets: { crun: 0.75, runc: 0.3 },
    comparison: TIGHT,
    command: run("plain"),
  },
  {
    title: "run /bin/true, 0.2 s between runs",
    targets: { crun: 0.5, runc: 0.3 },
    comparison: PAUSED,
    command: run("plain"),
  },
  {
    title: "run /bin/true with Docker's seccomp profile, tight loop",
    targets: { crun: 0.35, runc: 0.3 },
    comparison: TIGHT,
    command: run("seccomp"),
  },
  {
    title: "run /bin/true with Docker's seccomp profile, 0.2 s between runs",
    targets: { crun: 0.35, runc: 0.3 },
    comparison: PAUSED,
    command: run("seccomp"),
  },
  {
    title: "create, start, delete --force",
    targets: {},
    comparison: { ...TIGHT, shell: true },
    command: createStartDelete,
  },
  { title: "exec /bin/true, tight loop", targets: {}, comparison: TIGHT, command: exec },
  { title: "exec /bin/true, 0.2 s between runs", targets: {}, comparison: PAUSED, command: exec },
];

/** What users of a hybrid host run: the v2 tree is there, and runtimes may have to enter it. */
export const HYBRID_SCENARIOS: readonly Scenario[] = [
  {
    title: "run /bin/true, 0.2 s between runs, with the v2 tree of this hybrid host",
    targets: { runc: 0.3 },
    comparison: PAUSED,
    command: run("plain"),
  },
];

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly contestants: readonly Contestant[];
  /** In the order of the contestants. */
  readonly measurements: readonly Measurement[];
}

export async function measureScenario(
  scenario: Scenario,
  contestants: readonly Contestant[],
  bundles: Bundles,
  session = commonSession(),
): Promise<ScenarioResult> {
  const commands = contestants.map((contestant) => scenario.command(contestant, bundles));
  const measurements = await compare({ ...scenario.comparison, commands, session });
  return { scenario, contestants, measurements };
}

/** The containers that the scenarios of exec enter. */
export async function startExecContainers(
  contestants: readonly Contestant[],
  { sleeping }: Bundles,
): Promise<void> {
  for (const contestant of contestants) {
    const id = idOf(contestant, "exec");
    const command = [...contestant.command, "run", "--detach", "--bundle", sleeping, id];
    const quiet = ["sh", "-c", '"$@" </dev/null >/dev/null 2>&1', "quiet"];
    await inCommonSession([...quiet, ...command]);
  }
}

/** Removes every container of the benchmark; those that are not there do not matter. */
export async function removeContainers(contestants: readonly Contestant[]): Promise<void> {
  for (const contestant of contestants) {
    for (const role of ["run", "verbs", "exec"] as const) {
      const remove = [...contestant.command, "delete", "--force", idOf(contestant, role)];
      await runCommand([...commonSession(), ...remove]);
    }
  }
}
