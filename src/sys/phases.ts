// Where the time of a short command goes. With OCICAT_PHASES in the environment, main writes a line for
// each phase to standard error when the command has ended:
//
//   phase NAME WALL_MICROSECONDS CPU_MICROSECONDS
//
// The first counts from the start of the process, and takes in what Bun does before any code of ours.

import { call } from "./call.ts";
import { addressOf } from "./entry.ts";
import { words } from "./memory.ts";

interface Mark {
  readonly phase: string;
  readonly wallUs: number;
  readonly cpuUs: number;
}

const RUSAGE_SELF = 0;
/** struct rusage begins with user and system time: seconds and microseconds, 64 bits each. */
const RUSAGE_WORDS = 36;

class Phases {
  readonly #marks: Mark[] = [];

  mark(phase: string): void {
    const usage = words(RUSAGE_WORDS);
    call("getrusage", RUSAGE_SELF, addressOf(usage));
    const [userS = 0, , userUs = 0, , systemS = 0, , systemUs = 0] = usage;
    const cpuUs = (userS + systemS) * 1_000_000 + userUs + systemUs;
    this.#marks.push({ phase, wallUs: Bun.nanoseconds() / 1000, cpuUs });
  }

  /** One line a phase: from the mark before to its own. */
  lines(): string {
    let before = { wallUs: 0, cpuUs: 0 };
    return this.#marks
      .map((mark) => {
        const wall = Math.round(mark.wallUs - before.wallUs);
        const cpu = Math.round(mark.cpuUs - before.cpuUs);
        before = mark;
        return `phase ${mark.phase} ${wall} ${cpu}\n`;
      })
      .join("");
  }
}

let phases: Phases | undefined;

export function recordPhases(): void {
  phases ??= new Phases();
}

/** Ends the phase of this name. Free where nobody asked for phases. */
export function endPhase(phase: string): void {
  phases?.mark(phase);
}

/** Empty where nobody asked. */
export function phaseLines(): string {
  return phases?.lines() ?? "";
}
