// The OCI runtime validation suite (opencontainers/runtime-tools) against the runtime under test and
// against Debian's runc, on the same machine: no program may come out worse with ours.
// docs/conformance.md says what the suite's programs test, and which of their failures are their own.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../tools/peers/cache.ts";
import { validationPrograms } from "../../tools/peers/go-programs.ts";
import { type TapReport, worseByNumbers, worseThan } from "../../tools/peers/tap.ts";
import { VALIDATION_PROGRAMS, type Validation, validate } from "../../tools/peers/validation.ts";
import { RUNTIME } from "./runtime-under-test.ts";
import { Workspace } from "./workspace.ts";

const RUNC = "/usr/sbin/runc";
const TABLE = join(cacheFolder(), "conformance.md");

/** These end at their first failure; docs/conformance.md says what is wrong with each. */
const STOPS_AT_FAILURE = ["linux_cgroups_devices", "linux_cgroups_relative_devices"];

/**
 * Assertions that are wrong, and that runc meets by chance or never comes to; docs/conformance.md says how
 * they are wrong.
 */
const FAULTS_OF_THE_SUITE: Readonly<Record<string, readonly string[]>> = {
  mounts: [
    "mounts[9] (/mnt/etc-shared) found in order",
    "mounts[10] (/mnt/etc-rshared) found in order",
  ],
  start: [
    "`start` operation MUST generate an error if `process` was not set",
    "timeout in waiting for the container status",
  ],
};

const isMissing = process.getuid?.() !== 0 || !existsSync(RUNC);

describe.skipIf(isMissing)("OCI runtime validation, against runc", () => {
  let workspace: Workspace;
  let suite: string;
  const cgroupsBefore = containerCgroups();
  const rows: string[] = [];
  const sums: { runc: Sum; tested: Sum } = {
    runc: { passed: 0, failed: 0 },
    tested: { passed: 0, failed: 0 },
  };

  beforeAll(async () => {
    workspace = await Workspace.make("conformance");
    suite = await validationPrograms();
  }, 600_000);

  afterAll(async () => {
    writeTable(rows, sums);
    const leftovers = await workspace.leftovers();
    const cgroups = containerCgroups().filter((name) => !cgroupsBefore.includes(name));
    removeSuiteCgroups();
    await workspace.remove();
    expect([...leftovers, ...cgroups]).toEqual([]);
  }, 180_000);

  test("the suite has the programs that are listed here", () => {
    const programs = readdirSync(suite).filter((name) => !/^(runtimetest|rootfs-)/.test(name));
    expect(programs.sort()).toEqual(VALIDATION_PROGRAMS);
  });

  test.each(VALIDATION_PROGRAMS)(
    "%s",
    async (program) => {
      const comparison = await compareAgain(suite, program, workspace.folder);
      add(sums.runc, comparison.runc.report);
      add(sums.tested, comparison.tested.report);
      rows.push(row(program, comparison));
      if (comparison.worse.length > 0) {
        console.error(`${program}: ${comparison.tested.output.stderr.slice(0, 2000)}`);
      }
      expect(comparison.worse).toEqual([]);
    },
    // Three times for each of two runtimes, a minute at most.
    400_000,
  );
});

const ATTEMPTS = 3;

type Comparison = {
  readonly runc: Validation;
  readonly tested: Validation;
  readonly worse: readonly string[];
};

/**
 * Programs of the suite race with what they test (killsig deletes before the signal has ended the
 * container, poststart hopes that the process writes before the hook does): runc against runc differs now
 * and then. What is worse counts when it is so each time.
 */
async function compareAgain(suite: string, program: string, folder: string): Promise<Comparison> {
  let comparison = await compare(suite, program, folder);
  for (let again = 1; comparison.worse.length > 0 && again < ATTEMPTS; again += 1) {
    console.error(`${program}: once more, for it ${comparison.worse.join("; ")}`);
    comparison = await compare(suite, program, folder);
  }
  return comparison;
}

async function compare(suite: string, program: string, folder: string): Promise<Comparison> {
  const runc = await validate(suite, program, RUNC, join(folder, "runc"));
  const tested = await validate(suite, program, RUNTIME, join(folder, "tested"));
  const judge = STOPS_AT_FAILURE.includes(program) ? worseByNumbers : worseThan;
  const faults = FAULTS_OF_THE_SUITE[program] ?? [];
  const worse = judge(tested.report, runc.report).filter(
    (text) => !faults.some((fault) => text.endsWith(fault)),
  );
  return { runc, tested, worse };
}

/** Containers without a cgroupsPath get a cgroup with their id, a random UUID here. */
function containerCgroups(): string[] {
  const root = "/sys/fs/cgroup";
  const controllers = ["", ...readdirSync(root)].map((name) => join(root, name));
  return controllers
    .filter((path) => existsSync(join(path, "cgroup.procs")))
    .flatMap((path) => readdirSync(path).map((name) => join(path, name)))
    .filter((path) => /\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(path));
}

/** The parents of "testdir/cgrouptest/container": the suite's, which no runtime removes. */
function removeSuiteCgroups(): void {
  const root = "/sys/fs/cgroup";
  const parents = ["testdir/cgrouptest", "testdir"];
  for (const controller of ["", ...readdirSync(root)]) {
    for (const parent of parents.map((name) => join(root, controller, name))) {
      if (existsSync(parent)) {
        rmdirSync(parent);
      }
    }
  }
}

type Sum = { passed: number; failed: number };

function add(sum: Sum, report: TapReport): void {
  sum.passed += report.passed.length;
  sum.failed += report.failed.length;
}

function row(program: string, { runc, tested, worse }: Comparison): string {
  const cell = ({ report, left }: Validation) => {
    const counts = `${report.passed.length} ok, ${report.failed.length} not ok`;
    const errors = report.errors.length === 0 ? "" : `, ${report.errors.length} errors`;
    return `${counts}${errors}, exit ${report.exitCode}, ${left.length} left`;
  };
  return `| ${program} | ${cell(runc)} | ${cell(tested)} | ${worse.join("; ")} |`;
}

function writeTable(rows: readonly string[], sums: { runc: Sum; tested: Sum }): void {
  const [runc, tested] = [sums.runc, sums.tested].map(
    (sum) => `${sum.passed} ok, ${sum.failed} not ok`,
  );
  const head = ["| program | runc | tested | worse |", "|---|---|---|---|"];
  writeFileSync(TABLE, `${[...head, ...rows, `| all | ${runc} | ${tested} | |`].join("\n")}\n`);
  console.log(`conformance: runc ${runc}; tested ${tested}; by program in ${TABLE}`);
}
