// `npm run bench [-- runtimes|images|engine]`: ocicat-runtime beside crun and runc, images beside podman,
// containerd, docker, skopeo and umoci, containers beside podman and docker, in one run, into
// docs/benchmarks/DATE.md; some parts alone into DATE-PARTS.md.
//
// Needs root; installs Debian's packages and builds the newest runc (tools/peers). Only a quiet machine
// gives figures that mean something; the page says how loaded it was.

import { mkdirSync, rmSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { encodeProgram } from "../../src/program/encode.ts";
import { explainCreate } from "../../src/runtime/explain.ts";
import { build } from "../build.ts";
import { installPeers } from "../peers/install.ts";
import { runCommand, runTool } from "../processes.ts";
import { DIST, hasQuickProgram, REPOSITORY } from "../repository.ts";
import { type Bundles, makeBundles } from "./bundles.ts";
import { type Contestant, gatherContestants } from "./contestants.ts";
import { measureEngine } from "./engine/measure-engine.ts";
import { measureImages } from "./images/measure-images.ts";
import { measureLeftovers } from "./leftovers.ts";
import { measureLibrary } from "./library.ts";
import { measurePhases, measureSteps } from "./phases.ts";
import { page, runtimeSections } from "./report.ts";
import {
  HYBRID_SCENARIOS,
  measureScenario,
  removeContainers,
  SCENARIOS,
  type ScenarioResult,
  startExecContainers,
} from "./scenarios.ts";
import { isHybridHost } from "./session.ts";
import { mountUsualDisk, stateFolder, unmountUsualDisk } from "./usual-disk.ts";

/** On the disk that programs are installed on: a tmpfs makes each start 2 ms slower. */
const FOLDER = join(DIST.folder, "bench");
/** Short, as paths of sockets are. */
const CONTAINERS = "/var/tmp/ocicat-bench";
const STATES = join(stateFolder(CONTAINERS), "runtimes");

const PARTS = ["runtimes", "images", "engine"];

async function main(): Promise<void> {
  const parts = process.argv.slice(2);
  if (parts.some((part) => !PARTS.includes(part))) {
    console.error(`usage: npm run bench [-- PART...], each of ${PARTS.join(", ")}`);
    process.exitCode = 1;
    return;
  }
  const isWanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
  await build();
  await installPeers();
  // What a run that was killed has left goes first, while its state still names its containers.
  await removeFolders();
  mkdirSync(FOLDER, { recursive: true });
  const loadBefore = loadText();
  try {
    const images = isWanted("images") ? await measureImages(FOLDER) : [];
    const disk = await mountUsualDisk(CONTAINERS);
    // Where the peers' daemons have what is theirs.
    process.env["TMPDIR"] = CONTAINERS;
    const runtimes = isWanted("runtimes") ? await measureRuntimes(CONTAINERS) : [];
    const engine = isWanted("engine") ? await measureEngine(CONTAINERS) : [];
    const machine = { ...machineFacts(), disk, loadBefore, loadAfter: loadText() };
    const name = [machine.date, ...parts].join("-");
    await writePage(name, page(machine, [...runtimes, ...images, ...engine]));
  } finally {
    await removeFolders();
  }
}

/** A podman that was killed leaves its storage mounted on itself. */
async function removeFolders(): Promise<void> {
  await unmountUsualDisk(CONTAINERS);
  Bun.spawnSync(["umount", "--quiet", join(FOLDER, "podman/root/overlay")]);
  rmSync(FOLDER, { recursive: true, force: true });
}

async function measureRuntimes(folder: string): Promise<readonly string[]> {
  mkdirSync(STATES, { recursive: true });
  const contestants = await gatherContestants(folder, STATES);
  await removeContainers(contestants);
  try {
    return await measureContestants(contestants, await makeBundles(folder), folder);
  } finally {
    await removeContainers(contestants);
    rmSync(STATES, { recursive: true, force: true });
  }
}

async function measureContestants(
  contestants: readonly Contestant[],
  bundles: Bundles,
  folder: string,
): Promise<readonly string[]> {
  const ocicat = contestants[0];
  if (ocicat === undefined) {
    return [];
  }
  return runtimeSections({
    scenarios: await measureScenarios(contestants, bundles),
    steps: await measureSteps(ocicat, bundles, folder),
    phases: await measurePhases(ocicat, bundles),
    library: await measureLibrary(bundles),
    leftovers: await measureLeftovers(ocicat),
    sizes: [await sizeOfProgram(bundles.plain), ...sizesOf(contestants)],
  });
}

function machineFacts() {
  return {
    date: new Date().toISOString().slice(0, 10),
    kernel: release(),
    processor: cpus()[0]?.model ?? "unknown processor",
    cores: cpus().length,
  };
}

async function writePage(name: string, text: string): Promise<void> {
  const path = join(REPOSITORY, "docs/benchmarks", `${name}.md`);
  await Bun.write(path, text);
  await runCommand(["node_modules/.bin/biome", "format", "--write", path]);
  console.log(text);
  console.error(path);
}

async function measureScenarios(
  contestants: readonly Contestant[],
  bundles: Bundles,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  await startExecContainers(contestants, bundles);
  for (const scenario of SCENARIOS) {
    console.error(scenario.title);
    results.push(await measureScenario(scenario, contestants, bundles));
  }
  return [...results, ...(await measureHybrid(contestants, bundles))];
}

/** crun refuses such a host. */
async function measureHybrid(
  contestants: readonly Contestant[],
  bundles: Bundles,
): Promise<ScenarioResult[]> {
  const others = contestants.filter(({ name }) => !name.startsWith("crun"));
  const results: ScenarioResult[] = [];
  for (const scenario of isHybridHost() ? HYBRID_SCENARIOS : []) {
    results.push(await measureScenario(scenario, others, bundles, []));
  }
  return results;
}

/** What is compiled for a container and executed by the stage. */
async function sizeOfProgram(bundle: string) {
  const { program } = await explainCreate({ id: "bench", bundle, stateRoot: STATES });
  const what = "program of a default container";
  return { what, bytes: encodeProgram(program).length, limit: 16 * 1024 };
}

function sizesOf(contestants: readonly Contestant[]) {
  const stage = { what: "stage", bytes: Bun.file(DIST.stage).size, limit: 32 * 1024 };
  const launcher = { what: "launcher", bytes: Bun.file(DIST.launchers[0]).size };
  const quick = hasQuickProgram()
    ? [{ what: "quick program", bytes: Bun.file(DIST.quick).size }]
    : [];
  const programs = contestants.map(({ name, bytes }) => ({ what: name, bytes }));
  return [stage, launcher, ...quick, ...programs];
}

function loadText(): string {
  return loadavg()
    .map((load) => load.toFixed(2))
    .join(" ");
}

await runTool(main);
