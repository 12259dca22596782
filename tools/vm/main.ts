// `npm run test:vm`: boots virtual machines that have what this machine may lack (cgroup v2 alone,
// systemd as PID 1, an older kernel) and runs tests in them.
//
//   bun tools/vm/main.ts [--mode cgroup2|systemd] [--timeout SECONDS] [--no-build] [--runtime PROGRAM]
//       [--wide | --boot NAME... | TEST...]
//   bun tools/vm/main.ts --mode cgroup2 --command 'cat /sys/fs/cgroup/cgroup.controllers'
//
// --wide boots further machines for what is tried on the host alone otherwise (OF_FURTHER in modes.ts), --boot those
// of the names.
// --runtime holds another OCI runtime of the guest (/usr/sbin/runc, /usr/bin/crun) against the tests: what
// fails with it too tells nothing about ours.
//
// The last line counts all of them: N passed, N failed, N skipped.

import { existsSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { Glob } from "bun";
import { CommandError, runCommand } from "../processes.ts";
import { REPOSITORY } from "../repository.ts";
import { addTallies, closingLine, exitStatus } from "../testing/tally.ts";
import { removeUnfinishedDisks } from "./disk.ts";
import { type HostedMachine, runGuest } from "./guest-run.ts";
import { prepareMachine } from "./machine.ts";
import {
  BOOTS,
  type Boot,
  FURTHER_BOOTS,
  isMode,
  MODES,
  MOST_PROCESSORS,
  type Mode,
} from "./modes.ts";
import { installHostPackages, SEARCH_PATH } from "./packages.ts";
import { makePayload } from "./payload.ts";
import { Refusal } from "./refusal.ts";
import { measureTscRate } from "./tsc-rate.ts";
import { type BootResult, judgeBoot, type Plan } from "./verdict.ts";

/** Of one boot, and of one test file in it: several times what they take where nothing else runs. */
const BOOT_TIMEOUT_S = 1800;
const FILE_TIMEOUT_MS = 600_000;

/** As many as the smallest supported machine has cores; each test keeps one core busy. */
const BOOTS_AT_ONCE = 2;

interface Options {
  readonly modes: readonly Mode[];
  readonly timeoutMs: number;
  readonly isBuilt: boolean;
  readonly boots: readonly Boot[];
  readonly command: string | undefined;
  readonly runtime: string | undefined;
  readonly tests: readonly string[];
}

function readOptions(argv: string[]): Options {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      mode: { type: "string" },
      timeout: { type: "string" },
      command: { type: "string" },
      runtime: { type: "string" },
      "no-build": { type: "boolean" },
      wide: { type: "boolean" },
      boot: { type: "string", multiple: true },
    },
  });
  const seconds = Number(values.timeout ?? BOOT_TIMEOUT_S);
  if (!(seconds > 0)) {
    throw new Refusal(`--timeout: "${values.timeout}" is not a number of seconds`);
  }
  const { wide, boot, command } = values;
  const choices = [wide, boot, command, positionals[0]].filter((each) => each !== undefined);
  if (choices.length > 1) {
    throw new Refusal("--wide, --boot, --command and tests exclude each other");
  }
  return {
    modes: readModes(values.mode),
    timeoutMs: seconds * 1000,
    isBuilt: values["no-build"] === true,
    boots: readBoots(boot, wide === true),
    command,
    runtime: values.runtime,
    tests: positionals.map(readTestPath),
  };
}

function readModes(text: string | undefined): readonly Mode[] {
  if (text === undefined) {
    return MODES;
  }
  if (!isMode(text)) {
    throw new Refusal(`--mode: "${text}" is not one of ${MODES.join(", ")}`);
  }
  return [text];
}

function readBoots(names: readonly string[] | undefined, isWide: boolean): readonly Boot[] {
  const all = [...BOOTS, ...FURTHER_BOOTS];
  const unknown = names?.find((each) => !all.some(({ name }) => name === each));
  if (unknown !== undefined) {
    const known = all.map(({ name }) => name).join(", ");
    throw new Refusal(`--boot: "${unknown}" is not one of ${known}`);
  }
  if (names !== undefined) {
    return all.filter(({ name }) => names.includes(name));
  }
  return isWide ? all : BOOTS;
}

function readTestPath(text: string): string {
  const path = text.replace(/^\.\//, "");
  if (!existsSync(`${REPOSITORY}/${path}`)) {
    throw new Refusal(`"${text}" is not a test of the repository`);
  }
  return path;
}

function makePlans(options: Options): Plan[] {
  const { command, runtime, tests } = options;
  if (command !== undefined) {
    const work = { kind: "command", command } as const;
    return options.modes.map((mode) => ({ ...machineOf(mode), runtime, work }));
  }
  if (tests.length > 0) {
    return options.modes
      .map((mode) => testPlan({ ...machineOf(mode), runtime }, testsFor(mode, tests)))
      .filter(({ work }) => work.files.length > 0);
  }
  return options.boots
    .filter(({ mode }) => options.modes.includes(mode))
    .map((boot) => {
      const { name, mode, processors } = boot;
      return testPlan({ name, mode, processors, runtime }, listTests(boot));
    });
}

/** For what the caller chose. */
function machineOf(mode: Mode) {
  return { name: mode, mode, processors: MOST_PROCESSORS } as const;
}

function testPlan(plan: Omit<Plan, "work">, files: readonly string[]) {
  return { ...plan, work: { kind: "tests", files, fileTimeoutMs: FILE_TIMEOUT_MS } } as const;
}

function listTests({ tests }: Boot): string[] {
  return [...new Set(tests.flatMap(filesOf))].sort();
}

function filesOf(pattern: string): string[] {
  return [...new Glob(pattern).scanSync({ cwd: REPOSITORY })];
}

/** Whoever reads the lane's output knows what it did not try. */
function reportLeftOut(boots: readonly Boot[]): void {
  const tried = new Set(boots.flatMap(listTests));
  const others = filesOf("test/e2e/*.test.ts").filter((path) => !tried.has(path));
  const names = others.map((path) => basename(path, ".test.ts")).sort();
  console.log(`not tried in these machines (tools/vm/modes.ts), of test/e2e: ${names.join(", ")}`);
}

/** Tests of the other kind of machine are left out. */
function testsFor(mode: Mode, tests: readonly string[]): string[] {
  const foreign = MODES.filter((other) => other !== mode).map((other) => `test/vm/${other}/`);
  return tests.filter((path) => !foreign.some((folder) => path.startsWith(folder)));
}

async function main(options: Options): Promise<void> {
  if (process.arch !== "x64") {
    throw new Refusal(`the virtual machines run x86-64 programs; this is ${process.arch}`);
  }
  process.env["PATH"] = SEARCH_PATH;
  await installHostPackages();
  await removeUnfinishedDisks();
  const machine = { ...(await prepareMachine()), tscRateKhz: await measureTscRate() };
  if (!options.isBuilt) {
    await runCommand([process.execPath, "tools/build.ts"]);
  }
  const plans = makePlans(options);
  using payload = await makePayload(plans);
  const results = await runGuests({ ...machine, payload }, plans, options.timeoutMs);
  for (const { plan, result } of results) {
    report(plan.name, result);
  }
  if (options.tests.length === 0 && options.command === undefined) {
    reportLeftOut(options.boots);
  }
  const total = addTallies(results.map(({ result }) => result.tally));
  console.log(closingLine(total));
  process.exitCode = exitStatus(total);
}

interface Outcome {
  readonly plan: Plan;
  readonly result: BootResult;
}

async function runGuests(
  machine: HostedMachine,
  plans: readonly Plan[],
  timeoutMs: number,
): Promise<Outcome[]> {
  const waiting = [...plans];
  const results: Outcome[] = [];
  const work = async () => {
    for (let plan = waiting.shift(); plan !== undefined; plan = waiting.shift()) {
      const end = await runGuest(machine, plan, timeoutMs);
      results.push({ plan, result: judgeBoot(plan, end) });
    }
  };
  await Promise.all(Array.from({ length: BOOTS_AT_ONCE }, work));
  return results;
}

function report(name: string, result: BootResult): void {
  for (const skip of result.skips) {
    console.log(`skip  ${name}: ${skip}`);
  }
  for (const complaint of result.complaints) {
    console.log(`FAIL  ${name}: ${complaint}`);
  }
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof Refusal || error instanceof CommandError)) {
    throw error;
  }
  console.error(error.message);
  process.exitCode = 1;
}
