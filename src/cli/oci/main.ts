// The OCI command line: flags, verb, the verb's flags. A failure becomes one record in the log and one
// message on standard error.

import { OtherProgramNeeded } from "../../error/other-program.ts";
import type { LaunchNotes } from "../../sys/launch-notes.ts";
import { phaseTimes } from "../../sys/phases.ts";
import { parseFlags, usageError } from "../flags.ts";
import { writeOutput } from "../write-text.ts";
import { clientMessage } from "./client-messages.ts";
import { COMMANDS } from "./commands.ts";
import { commandContext, GLOBAL_FLAGS, type GlobalFlags, logTarget } from "./global-flags.ts";
import { type LogTarget, logFailure, logRecords } from "./log.ts";

const EXEC_FAILED = 255;

/** What is known of a command line so far, for the log. */
interface Log {
  target: LogTarget;
  verb: string;
  isDebugging: boolean;
}

/** Returns the exit code. */
export async function ociMain(
  words: readonly string[],
  notes: LaunchNotes | undefined,
): Promise<number> {
  const log: Log = { target: { format: "text" }, verb: "", isDebugging: false };
  const code = await runVerb(words, notes, log);
  if (log.isDebugging) {
    logRecords(log.target, "debug", [`${log.verb}: ${phasesText()}`]);
  }
  return code;
}

async function runVerb(
  words: readonly string[],
  notes: LaunchNotes | undefined,
  log: Log,
): Promise<number> {
  try {
    const flags = parseFlags(GLOBAL_FLAGS, words, "first");
    log.target = logTarget(flags);
    const [name = "", ...rest] = flags.args;
    if (name === "" || name === "help" || flags.switch("help") || flags.switch("version")) {
      return await showAbout(flags);
    }
    log.verb = name;
    log.isDebugging = flags.switch("debug");
    const warnings: string[] = [];
    const code = await execute(name, rest, { flags, notes, warnings });
    logRecords(log.target, "warning", warnings);
    return code;
  } catch (error) {
    if (error instanceof OtherProgramNeeded) {
      throw error;
    }
    logFailure(log.target, clientMessage(log.verb, error));
    return log.verb === "exec" ? EXEC_FAILED : 1;
  }
}

function phasesText(): string {
  return phaseTimes()
    .map(({ phase, microseconds }) => `${phase} ${(microseconds / 1000).toFixed(2)} ms`)
    .join(", ");
}

async function showAbout(flags: GlobalFlags): Promise<number> {
  const { aboutText, versionText } = await import("./about.ts");
  writeOutput(flags.switch("version") ? versionText() : aboutText(COMMANDS));
  return 0;
}

interface Invocation {
  readonly flags: GlobalFlags;
  readonly notes: LaunchNotes | undefined;
  /** Written to the log once the verb has succeeded: a failing one writes its error alone. */
  readonly warnings: string[];
}

async function execute(name: string, words: readonly string[], call: Invocation): Promise<number> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    throw usageError(`no such command: ${name}; --help lists them`);
  }
  const command = await entry.load();
  if (asksForHelp(words) && command.offersHelp !== false) {
    const { commandHelp } = await import("./about.ts");
    writeOutput(commandHelp(command, entry.summary));
    return 0;
  }
  return command.execute(words, () => ({
    ...commandContext(call.flags, call.notes),
    onWarning: (text) => call.warnings.push(text),
  }));
}

/** Only as the first word: behind an argument it may belong to the container's process. */
function asksForHelp([first]: readonly string[]): boolean {
  return first === "--help" || first === "-help" || first === "-h";
}
