// ocicat run: a container in the foreground, with the flags and exit codes that users of docker and
// podman know.

import { runContainer } from "../engine/run.ts";
import type { RunContainerOptions } from "../engine/run-options.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { LaunchNotes } from "../sys/launch-notes.ts";
import { isTerminal } from "../sys/terminal.ts";
import { describeFailure } from "./describe-failure.ts";
import { runOptions } from "./run/options.ts";
import { parseWords } from "./run/parse.ts";
import { writeError, writeOutput } from "./write-text.ts";

const STDIN = 0;
const STDERR = 2;

/** `ocicat` itself failed. */
const EXIT_OWN_FAILURE = 125;
const EXIT_CANNOT_EXECUTE = 126;
const EXIT_NOT_FOUND = 127;

/** `words`: those behind `run`. The result is this process's exit code. */
export async function runCommand(
  words: readonly string[],
  notes: LaunchNotes | undefined,
): Promise<number> {
  try {
    return await run(words, notes);
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    writeError(`ocicat run: ${describeFailure(error)}\n`);
    return exitCodeOf(error);
  }
}

async function run(words: readonly string[], notes: LaunchNotes | undefined): Promise<number> {
  const parsed = parseWords(words);
  if (parsed.values.has("help")) {
    const { helpText } = await import("./run/help.ts");
    writeOutput(helpText());
    return 0;
  }
  const surroundings = { workingDirectory: process.cwd(), environment: process.env };
  const options = runOptions(parsed, surroundings);
  checkTerminal(options);
  const progress = isTerminal(STDERR) ? new ProgressLine() : undefined;
  const end = await runContainer({
    ...options,
    ...(notes === undefined ? {} : { ignoredSignals: signalSet(notes) }),
    onWarning: (text) => writeError(`ocicat: warning: ${text}\n`),
    ...(progress === undefined ? {} : { onProgress: (event) => progress.show(event) }),
  });
  if (end.kind === "detached") {
    writeOutput(`${end.id}\n`);
    return 0;
  }
  if (options.source.kind === "hello") {
    writeOutput(`It took ${end.startedAfterMs.toFixed(1)} ms from the command to its process.\n`);
  }
  return end.code;
}

function signalSet({ ignoredSignals: [low, high] }: LaunchNotes) {
  return { low, high };
}

/** Docker's words: a terminal's keys have to come from somewhere. */
function checkTerminal({ terminal, interactive }: RunContainerOptions): void {
  if (terminal && interactive && !isTerminal(STDIN)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: "--tty",
      reason: "the input device is not a TTY",
      hint: "leave -t out to read from a pipe or file",
    });
  }
}

type ProgressEvent = Parameters<NonNullable<RunContainerOptions["onProgress"]>>[0];

/** One line at a terminal, written over and taken away when a layer is done. */
class ProgressLine {
  #shown = -1;

  show(event: ProgressEvent): void {
    if (event.kind === "waiting") {
      writeError("ocicat: another process unpacks the same layer, waiting for it\n");
      return;
    }
    const percent = event.of === 0 ? 100 : Math.floor((event.bytes / event.of) * 100);
    if (percent === this.#shown) {
      return;
    }
    this.#shown = percent;
    const layer = event.layer.replace(/^sha256:/, "").slice(0, 12);
    writeError(percent === 100 ? "\r\x1b[K" : `\r\x1b[Kunpacking layer ${layer}: ${percent} %`);
  }
}

/** The program could not be found, or not be run, tells the code of the shell. */
function exitCodeOf({ operation, code, subject }: OcicatError): number {
  const isLookup = operation === "exec:";
  const isExecution = operation === "process.args:" && subject.startsWith("execute ");
  if (!isLookup && !isExecution) {
    return operation === "process.cwd:" ? EXIT_CANNOT_EXECUTE : EXIT_OWN_FAILURE;
  }
  return code === "not-found" ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}
