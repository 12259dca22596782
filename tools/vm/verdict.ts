// What host and guest tell each other, and what the host makes of it.
//
//   payload disk   .vm/plans.json: the Plans of all guests; the kernel's arguments name the one's own
//   verdict disk   "ocicat-vm 1 LENGTH\n", then LENGTH bytes of JSON: a Verdict, written anew after
//                  each test file. A guest that dies leaves the verdict on the files before.
//
// The console carries nothing that is parsed: kernel messages and tests write to it as they like.

import type { FileVerdict } from "../testing/file-verdict.ts";
import { addTallies, type Tally } from "../testing/tally.ts";
import type { Mode } from "./modes.ts";

export const PLANS_PATH = ".vm/plans.json";
export const VERDICT_DISK_SIZE = 4 * 1024 * 1024;

const MAGIC = "ocicat-vm 1";

export interface Plan {
  /** Of the boot: no other one's. */
  readonly name: string;
  readonly mode: Mode;
  readonly processors: number;
  /** The runtime under test, where it is not the one that the payload brings. */
  readonly runtime?: string | undefined;
  readonly work: Work;
}

export type Work =
  | { readonly kind: "tests"; readonly files: readonly string[]; readonly fileTimeoutMs: number }
  | { readonly kind: "command"; readonly command: string };

const PLAN_ARGUMENT = "ocicat.plan=";

/** For the guest's kernel. */
export function planArgument({ name }: Plan): string {
  return `${PLAN_ARGUMENT}${name}`;
}

/** `commandLine`: of the guest's kernel. */
export function ownPlan(plans: readonly Plan[], commandLine: string): Plan {
  const plan = plans.find((each) => commandLine.trim().split(" ").includes(planArgument(each)));
  if (plan === undefined) {
    throw new Error(`none of the plans is named by the kernel's arguments: ${commandLine}`);
  }
  return plan;
}

export interface Verdict {
  /** Keyed by the paths of the plan. */
  readonly files: Readonly<Record<string, FileVerdict>>;
  /** The exit status of a command. */
  readonly commandStatus?: number;
}

export function encodeVerdict(verdict: Verdict): Uint8Array<ArrayBuffer> {
  const body = new TextEncoder().encode(JSON.stringify(verdict));
  const head = new TextEncoder().encode(`${MAGIC} ${body.length}\n`);
  return Bun.concatArrayBuffers([head, body], Number.POSITIVE_INFINITY, true);
}

/** Returns undefined when the disk holds no verdict, or none that is whole. */
export function decodeVerdict(disk: Uint8Array): Verdict | undefined {
  const headEnd = disk.indexOf("\n".charCodeAt(0));
  const head = new TextDecoder().decode(disk.subarray(0, Math.max(headEnd, 0)));
  const length = Number(head.startsWith(`${MAGIC} `) ? head.slice(MAGIC.length + 1) : Number.NaN);
  const bodyStart = headEnd + 1;
  if (!Number.isInteger(length) || bodyStart + length > disk.length) {
    return undefined;
  }
  try {
    return JSON.parse(new TextDecoder().decode(disk.subarray(bodyStart, bodyStart + length)));
  } catch {
    return undefined;
  }
}

/** How a guest ended, and what it had said until then. */
export interface GuestEnd {
  /** "it powered off after 90 s". */
  readonly manner: string;
  /** Undefined: none. */
  readonly verdict: Verdict | undefined;
}

export interface BootResult {
  readonly tally: Tally;
  /** One line each, for what is not a test's own failure. */
  readonly complaints: readonly string[];
  readonly skips: readonly string[];
}

/** Counts every file of the plan: one that the guest says nothing about is a failure. */
export function judgeBoot(plan: Plan, { verdict, manner }: GuestEnd): BootResult {
  if (plan.work.kind === "command") {
    return judgeCommand(verdict?.commandStatus, manner);
  }
  const notRun = missingVerdict(manner);
  const verdicts = plan.work.files.map((path) => ({ path, ...(verdict?.files[path] ?? notRun) }));
  const ofFiles = addTallies(verdicts.map((each) => each.tally));
  const complaints = verdicts.flatMap(({ path, complaints }) =>
    complaints.map((complaint) => `${path}: ${complaint}`),
  );
  const skips = verdicts.flatMap(({ path, skippedNames }) =>
    skippedNames.map((name) => `${path}  ${name}`),
  );
  return { tally: ofFiles, complaints, skips };
}

function missingVerdict(manner: string): FileVerdict {
  return {
    tally: { passed: 0, failed: 1, skipped: 0 },
    skippedNames: [],
    complaints: [`the guest ended before this file's verdict: ${manner}`],
  };
}

function judgeCommand(status: number | undefined, manner: string): BootResult {
  if (status === 0) {
    return { tally: { passed: 1, failed: 0, skipped: 0 }, complaints: [], skips: [] };
  }
  const complaint =
    status === undefined ? `the guest ended before it: ${manner}` : `exit status ${status}`;
  const tally = { passed: 0, failed: 1, skipped: 0 };
  return { tally, complaints: [`command: ${complaint}`], skips: [] };
}
