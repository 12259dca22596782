// One probe of a container's health: the command of its check, executed in it, and what became of that.

import { POLLIN } from "../../abi/process.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { exec } from "../../runtime/exec.ts";
import { onAbort } from "../../sys/abort.ts";
import { checked } from "../../sys/call.ts";
import { OwnedFd } from "../../sys/file.ts";
import type { Awaited } from "../../sys/poll.ts";
import { exitCodeOf, killGroup, tryOpenPidfd } from "../../sys/process.ts";
import { pollInLoop } from "../../sys/waiting.ts";
import { processOf } from "../containers/start-exec.ts";
import type { StoredContainer } from "../containers/stored-container.ts";
import { CapturedOutput } from "./captured-output.ts";
import type { ProbeResult } from "./health.ts";
import type { HealthCheck } from "./health-check.ts";
import { type Attend, askPort } from "./port-probe.ts";

const OUTPUT_LIMIT = 4096;
/** Docker's, of a probe that did not come to an end of its own. */
const NO_EXIT_CODE = -1;

type Ending = Pick<ProbeResult, "exitCode" | "output">;

/** A command for the container, or what a port of it is asked. */
export interface Question extends Pick<HealthCheck, "command" | "port" | "timeoutMs"> {
  /** Aborted: its time is over. */
  readonly interruption?: AbortSignal | undefined;
}

export interface Answer extends Ending {
  /** Not so: it was killed. */
  readonly isInTime: boolean;
}

/** Throws for a container that does not run. */
export async function probe(container: StoredContainer, check: HealthCheck): Promise<ProbeResult> {
  const start = new Date().toISOString();
  const ending = await probed(container, check).catch((error: unknown) => {
    if (error instanceof OcicatError && container.status().kind === "running") {
      return { exitCode: NO_EXIT_CODE, output: error.message.slice(0, OUTPUT_LIMIT) };
    }
    throw error;
  });
  return { start, end: new Date().toISOString(), ...ending };
}

async function probed(container: StoredContainer, check: HealthCheck): Promise<Ending> {
  const { isInTime, ...ending } = await ask(container, check);
  return isInTime ? ending : tooLate(ending.output, check);
}

/** Throws for a container that does not run. */
export async function ask(container: StoredContainer, check: Question): Promise<Answer> {
  using output = new CapturedOutput(OUTPUT_LIMIT);
  const standardFds = output.standardFds;
  const request = { command: check.command, env: [], terminal: false };
  let isInTime = true;
  const attendBoth: Attend = async (stagePid, pid) => {
    output.handOver();
    isInTime = await attend({ stagePid, pid }, output, check);
  };
  const status =
    check.port === undefined
      ? await exec({
          ...container.address,
          standardFds,
          process: (own, rootPath) => processOf(request, own, rootPath),
          attend: attendBoth,
        })
      : await askPort(container, { test: check.port, standardFds }, attendBoth);
  return { exitCode: exitCodeOf(status), output: output.text(), isInTime };
}

function tooLate(written: string, { timeoutMs }: Pick<HealthCheck, "timeoutMs">): Ending {
  const text = `Health check exceeded timeout (${timeoutMs / 1000}s)`;
  return { exitCode: NO_EXIT_CODE, output: written === "" ? text : `${text}: ${written}` };
}

/** What came of one that somebody else had to kill. */
export function overdue(check: HealthCheck): ProbeResult {
  const now = new Date().toISOString();
  return { start: now, end: now, ...tooLate("", check) };
}

interface Executed {
  /** Our child, which ends as the process does. */
  readonly stagePid: number;
  readonly pid: number;
}

const NOTHING: Awaited = { fd: -1, events: 0 };

/** Reads until the process has ended; kills it when its time is over. Whether it ended in time. */
async function attend(
  { stagePid, pid }: Executed,
  output: CapturedOutput,
  { timeoutMs, interruption }: Pick<Question, "timeoutMs" | "interruption">,
): Promise<boolean> {
  using stage = new OwnedFd(checked(tryOpenPidfd(stagePid), "watch", "the stage"));
  using process = new OwnedFd(tryOpenPidfd(pid));
  const deadline = performance.now() + timeoutMs;
  let canRead = true;
  let isInTime = true;
  const end = () => {
    isInTime = false;
    killGroup(process.number, pid);
  };
  using _interruption = onAbort(interruption, end);
  for (;;) {
    const left = isInTime ? Math.max(0, deadline - performance.now()) : undefined;
    const reading = canRead ? { fd: output.fd, events: POLLIN } : NOTHING;
    const awaited = [reading, { fd: stage.number, events: POLLIN }];
    const [readable = 0, over = 0] = await pollInLoop(awaited, left);
    if (readable !== 0) {
      canRead = output.read();
    }
    if (over !== 0) {
      // What it has left in the pipe; another process may still hold that open.
      output.read();
      return isInTime;
    }
    if (isInTime && performance.now() >= deadline) {
      end();
    }
  }
}
