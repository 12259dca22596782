// Where the time of a short command goes: what ends a phase says so, and the clock is read. A container's
// start keeps the phases for `ocicat trace`. With OCICAT_PHASES in the environment, main writes a line for
// each to standard error when the command has ended:
//
//   phase NAME WALL_MICROSECONDS CPU_MICROSECONDS
//
// The first counts from the start of the process, and takes in what Bun does before any code of ours. What
// was before that, the launcher and the kernel's loading of the program, nobody has measured: it is what
// the process has used of a CPU by then, beyond the time that it knows of.
//
// There is one list of phases for a process. In a program that starts several containers at the same time
// they run into each other.

import { call } from "./call.ts";
import { addressOf } from "./entry.ts";
import { words } from "./memory.ts";

interface Mark {
  readonly phase: string;
  readonly wallUs: number;
  /** 0 where nobody has asked. */
  readonly cpuUs: number;
}

export interface PhaseTime {
  readonly phase: string;
  readonly microseconds: number;
}

const RUSAGE_SELF = 0;
/** struct rusage begins with user and system time: seconds and microseconds, 64 bits each. */
const RUSAGE_WORDS = 36;
/** More than any command has: a program that goes on begins anew with each start. */
const MOST_MARKS = 64;

class Phases {
  isAskedFor = false;
  #marks: Mark[] = [];
  #beginUs = 0;

  mark(phase: string): void {
    if (this.#marks.length < MOST_MARKS) {
      const wallUs = Bun.nanoseconds() / 1000;
      const isFirst = this.#marks.length === 0 && this.#beginUs === 0;
      this.#marks.push({ phase, wallUs, cpuUs: this.isAskedFor || isFirst ? usedCpuUs() : 0 });
    }
  }

  /** What a process has done before its only work belongs to it; what it did for others does not. */
  begin(): void {
    if (this.#marks.length !== 1) {
      this.#marks = [];
      this.#beginUs = Bun.nanoseconds() / 1000;
    }
  }

  times(): PhaseTime[] {
    const [first] = this.#marks;
    const isWhole = this.#beginUs === 0 && first !== undefined;
    const launcherUs = isWhole ? Math.round(first.cpuUs - first.wallUs) : 0;
    const launcher = { phase: "launcher", microseconds: launcherUs };
    return [...(launcherUs > 0 ? [launcher] : []), ...this.#ownTimes()];
  }

  #ownTimes(): PhaseTime[] {
    let beforeUs = this.#beginUs;
    return this.#marks.map(({ phase, wallUs }) => {
      const microseconds = Math.round(wallUs - beforeUs);
      beforeUs = wallUs;
      return { phase, microseconds };
    });
  }

  /** One line a phase: from the mark before to its own. */
  lines(): string {
    let cpuBeforeUs = 0;
    const times = this.#ownTimes();
    return this.#marks
      .map(({ phase, cpuUs }, index) => {
        const cpu = Math.round(cpuUs - cpuBeforeUs);
        cpuBeforeUs = cpuUs;
        return `phase ${phase} ${times[index]?.microseconds ?? 0} ${cpu}\n`;
      })
      .join("");
  }
}

function usedCpuUs(): number {
  const usage = words(RUSAGE_WORDS);
  call("getrusage", RUSAGE_SELF, addressOf(usage));
  const [userS = 0, , userUs = 0, , systemS = 0, , systemUs = 0] = usage;
  return (userS + systemS) * 1_000_000 + userUs + systemUs;
}

let phases: Phases | undefined;

function ownPhases(): Phases {
  phases ??= new Phases();
  return phases;
}

/** For phaseLines. */
export function recordPhases(): void {
  ownPhases().isAskedFor = true;
}

/** Ends the phase of this name: the next begins. */
export function endPhase(phase: string): void {
  ownPhases().mark(phase);
}

/** A container's start begins. */
export function beginPhases(): void {
  ownPhases().begin();
}

/** The phases of this start so far. */
export function phaseTimes(): readonly PhaseTime[] {
  return ownPhases().times();
}

/** Empty where nobody asked. */
export function phaseLines(): string {
  return phases?.isAskedFor === true ? phases.lines() : "";
}
