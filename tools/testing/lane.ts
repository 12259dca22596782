// Runs one lane of tests as a process: shows its output as it comes, and counts what its closing line
// says (tally.ts).

import { REPOSITORY } from "../repository.ts";
import { closingLine, type Tally, tallyOfLane } from "./tally.ts";

export interface Lane {
  readonly name: string;
  readonly command: readonly string[];
  readonly limitMinutes: number;
}

/** What may still come from a lane's pipe when it has ended; a process that it left can keep it open. */
const DRAIN_MS = 1000;

export interface LaneEnd {
  readonly tally: Tally;
  /** Its lines that name what failed, and its own end where that is one. */
  readonly failures: readonly string[];
}

/** As the lanes' runners write it, the VM lane's with the name of the machine before it. */
const FAILURE = /^(?:vm \S+ \| )?FAIL /;

export async function runLane(lane: Lane, show: (line: string) => void): Promise<LaneEnd> {
  show(`== ${lane.name}`);
  const begin = performance.now();
  const failures: string[] = [];
  const child = startLane(lane);
  const limit = setTimeout(() => {
    const line = `== ${lane.name}: not done after ${lane.limitMinutes.toFixed(1)} minutes`;
    failures.push(line);
    show(line);
    process.kill(-child.pid, "SIGKILL");
  }, lane.limitMinutes * 60_000);
  const reader = child.stdout.getReader();
  const drained = child.exited.then(() => setTimeout(() => reader.cancel(), DRAIN_MS));
  const lastLine = await showLines(reader, (line) => {
    if (FAILURE.test(line)) {
      failures.push(`${lane.name}: ${line}`);
    }
    show(line);
  });
  const status = await child.exited;
  clearTimeout(limit);
  clearTimeout(await drained);
  const tally = tallyOfLane({ lastLine, status });
  const seconds = Math.round((performance.now() - begin) / 1000);
  show(`== ${lane.name}: ${closingLine(tally)}, exit status ${status}, ${seconds} s`);
  return { tally, failures };
}

/** In a process group of its own: its end takes virtual machines and test files with it. */
function startLane({ command }: Lane) {
  const child = Bun.spawn([...command], {
    cwd: REPOSITORY,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    detached: true,
  });
  const interrupt = () => {
    process.kill(-child.pid, "SIGINT");
    process.kill(process.pid, "SIGINT");
  };
  process.once("SIGINT", interrupt);
  void child.exited.then(() => process.off("SIGINT", interrupt));
  return child;
}

/** Returns the last line that is not empty. */
async function showLines(
  reader: { read(): Promise<{ value?: Uint8Array | undefined }> },
  show: (line: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let pending = "";
  let lastLine = "";
  const take = (line: string) => {
    show(withoutClosingForm(line));
    lastLine = line === "" ? lastLine : line;
  };
  for (let part = await reader.read(); part.value !== undefined; part = await reader.read()) {
    const lines = (pending + decoder.decode(part.value, { stream: true })).split("\n");
    pending = lines.pop() ?? "";
    lines.forEach(take);
  }
  if (pending !== "") {
    take(pending);
  }
  return lastLine;
}

/** Only the last line of a whole run may have the form of a closing line. */
function withoutClosingForm(line: string): string {
  return /^\d+ passed/.test(line) ? `(lane) ${line}` : line;
}
