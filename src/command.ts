// One command from its words to the end of its process: finds out under which name the program was called and hands
// over. The OCI command line is on the short path; everything else is loaded when it is asked for.

import { ociMain } from "./cli/oci/main.ts";
import { writeError } from "./cli/write-text.ts";
import { OtherProgramNeeded } from "./error/other-program.ts";
import { call } from "./sys/call.ts";
import { takeLaunchNotes } from "./sys/launch-notes.ts";
import { restoreOpenFilesLimit } from "./sys/open-files-limit.ts";
import { endPhase, phaseLines, recordPhases } from "./sys/phases.ts";
import { returnToDirectory } from "./sys/working-directory.ts";

const PHASES_VARIABLE = "OCICAT_PHASES";

/** Does not come back. */
export async function runCommand(): Promise<void> {
  try {
    const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
    endAtOnce(await main(name, process.argv.slice(2)));
  } catch (error) {
    if (error instanceof OtherProgramNeeded) {
      error.takeOver();
    }
    writeError(`ocicat: ${error instanceof Error ? error.message : String(error)}\n`);
    endAtOnce(1);
  }
}

async function main(name: string, words: readonly string[]): Promise<number> {
  if (process.env[PHASES_VARIABLE] !== undefined) {
    recordPhases();
  }
  endPhase("start");
  const notes = takeLaunchNotes(process.env);
  if (notes !== undefined) {
    restoreOpenFilesLimit(notes.openFilesLimit);
    if (notes.lostDirectory !== undefined) {
      returnToDirectory(notes.lostDirectory);
    }
  }
  if (name === "ocicat-runtime") {
    return ociMain(words, notes);
  }
  if (words[0] === "runtime") {
    return ociMain(words.slice(1), notes);
  }
  const { ocicatMain } = await import("./cli/main.ts");
  return ocicatMain(words, notes);
}

/**
 * A command has written everything and closed what it has to when it returns; to take the engine apart
 * would cost 2 % of all that a container takes.
 */
function endAtOnce(code: number): void {
  const phases = phaseLines();
  if (phases !== "") {
    writeError(phases);
  }
  call("exit_group", code);
}
