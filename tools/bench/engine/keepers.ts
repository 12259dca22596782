// The processes that keep containers which run, and what they use.

import { readdirSync, readFileSync } from "node:fs";
import { parsePss } from "../memory.ts";
import type { EngineProgram } from "./programs.ts";

/**
 * Of all containers of a program; of others, too, that use it on this machine. One that has ended, and is yet
 * to be reaped, has a name and no command line.
 */
export function keepersOf({ keeper }: EngineProgram): number[] {
  const isOne = (name: string): boolean =>
    readIfThere(`/proc/${name}/comm`).startsWith(keeper) &&
    readIfThere(`/proc/${name}/cmdline`) !== "";
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && isOne(name))
    .map(Number);
}

/** Those that `start` brings about. */
export async function newKeepers(
  program: EngineProgram,
  start: () => Promise<unknown>,
): Promise<number[]> {
  const before = new Set(keepersOf(program));
  await start();
  return keepersOf(program).filter((pid) => !before.has(pid));
}

/** Kilobytes; 0 for one that has ended. */
export function pssOf(pid: number): number {
  return parsePss(readIfThere(`/proc/${pid}/smaps_rollup`)) ?? 0;
}

export function totalPss(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + pssOf(pid), 0);
}

/** "": it has ended. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
