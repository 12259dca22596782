// An exec that stands still between two ops, so that a process of the container has all the time in the
// world to look at it: the runtime is stopped, and the process that reached the op waits for it.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { SIGKILL } from "../../src/abi/process.ts";
import { call } from "../../src/sys/call.ts";
import { livingChildren } from "./leftovers.ts";
import type { Scratch, Started } from "./scratch.ts";
import type { VerbRunner } from "./verb-runner.ts";

/** ppoll's number in /proc/PID/syscall. */
const PPOLL = process.arch === "arm64" ? "73" : "271";

export interface HeldExec extends AsyncDisposable {
  /** The pid in the container of the process that stands still; undefined when it runs on. */
  readonly pid: number | undefined;
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const isNumber = (name: string): boolean => /^\d+$/.test(name);

/** Of the container's pid namespace, but for its init. */
function processesIn({ pid: init }: Started): number[] {
  const namespace = readLink(`/proc/${init}/ns/pid`);
  return readdirSync("/proc")
    .filter(isNumber)
    .map(Number)
    .filter((pid) => pid !== init && readLink(`/proc/${pid}/ns/pid`) === namespace);
}

function childrenOf(pid: number): number[] {
  return readText(`/proc/${pid}/task/${pid}/children`)
    .trim()
    .split(" ")
    .filter(isNumber)
    .map(Number);
}

const isStage = (pid: number): boolean => readText(`/proc/${pid}/comm`).startsWith("memfd:ocicat");
const standsStill = (pid: number): boolean =>
  isStage(pid) && readText(`/proc/${pid}/syscall`).startsWith(`${PPOLL} `);

function pidInside(pid: number): number {
  const line = /^NSpid:\s+(.*)$/m.exec(readText(`/proc/${pid}/status`))?.[1] ?? "";
  return Number(line.split("\t").at(-1));
}

/** The stage and the middle: of the host's pid namespace. */
function processesOutside(runtime: number): number[] {
  return childrenOf(runtime).flatMap((pid) => [pid, ...childrenOf(pid)]);
}

/** Starts `sleep` in the container and holds it before op `op`. */
export async function holdExec(
  { scratch, verbs }: { readonly scratch: Scratch; readonly verbs: VerbRunner },
  container: Started,
  op: number,
): Promise<HeldExec> {
  const options = { ...scratch.options(container.bundle, container.id), killAtOp: op };
  const args = ["/bin/sleep", "1000"];
  const command = verbs.command({ verb: "exec", options, args, stopBeforeReports: true });
  const runtime = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  const release = async (): Promise<void> => {
    do {
      // The stage before the runtime, whose end would let it go on.
      for (const pid of [...processesOutside(runtime.pid), ...processesIn(container)]) {
        call("kill", pid, SIGKILL);
      }
      runtime.kill("SIGKILL");
      await runtime.exited;
      livingChildren();
    } while (processesIn(container).length > 0);
  };
  for (;;) {
    const inside = processesIn(container);
    const held = inside.find(standsStill);
    const isPast = inside.some((pid) => !isStage(pid));
    if (held !== undefined || isPast || processesOutside(runtime.pid).some(standsStill)) {
      const pid = held === undefined ? undefined : pidInside(held);
      return { pid, [Symbol.asyncDispose]: release };
    }
    if (runtime.exitCode !== null) {
      throw new Error(`exec ended with ${runtime.exitCode} instead of standing still`);
    }
    await Bun.sleep(1);
  }
}
