// What containers have left behind: state, cgroups, mounts, processes. Nothing else may be said to be
// clean by a test.

import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { waitForPid } from "../../src/sys/process.ts";

const CGROUP_TREES = "/sys/fs/cgroup";

interface Place {
  readonly folder: string;
  readonly stateRoot: string;
  readonly cgroup: string;
}

/** One line for each thing that is left. */
export function leftovers({ folder, stateRoot, cgroup }: Place): string[] {
  return [
    ...namesIn(stateRoot)
      .filter((name) => name !== ".cache")
      .map((name) => `state: ${name}`),
    ...cgroupDirectories(cgroup).map((path) => `cgroup: ${path}`),
    ...mountsBelow(folder).map((line) => `mount: ${line}`),
    ...livingChildren().map((line) => `process: ${line}`),
  ];
}

function namesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

/** Of all trees, on cgroup v1 and v2 alike. */
function treesWith(cgroup: string): string[] {
  const candidates = [
    CGROUP_TREES,
    ...namesIn(CGROUP_TREES).map((name) => join(CGROUP_TREES, name)),
  ];
  return candidates.map((tree) => join(tree, cgroup)).filter((path) => existsSync(path));
}

function subdirectories(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(path, entry.name));
}

function cgroupDirectories(cgroup: string): string[] {
  return treesWith(cgroup).flatMap(subdirectories);
}

export function removeCgroups(cgroup: string): void {
  for (const path of treesWith(cgroup)) {
    rmdirSync(path);
  }
}

function mountsBelow(folder: string): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.filter((line) => line.includes(folder));
}

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly isZombie: boolean;
  readonly text: string;
}

function processLine(pid: string): ProcessLine | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const name = stat.slice(stat.indexOf("("), stat.lastIndexOf(")") + 1);
  return {
    pid: Number(pid),
    parent: Number(parent),
    isZombie: state === "Z",
    text: `${pid} ${name} ${state}`,
  };
}

/** Also those that were orphaned: they have become ours. Zombies among them are reaped. */
export function livingChildren(): string[] {
  const lines = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => processLine(pid) ?? []);
  const ours = lines.filter(({ parent }) => parent === process.pid);
  for (const { pid } of ours.filter(({ isZombie }) => isZombie)) {
    waitForPid(pid);
  }
  return ours.filter(({ isZombie }) => !isZombie).map(({ text }) => text);
}
