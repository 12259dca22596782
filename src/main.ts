// The composition root: finds out under which name the program was called and hands over. The OCI
// command line is on the short path; everything else is loaded when it is asked for.

import { ociMain } from "./cli/oci/main.ts";
import { writeError } from "./cli/write-text.ts";
import { call } from "./sys/call.ts";
import { takeLaunchNotes } from "./sys/launch-notes.ts";
import { restoreOpenFilesLimit } from "./sys/open-files-limit.ts";
import { endPhase, phaseLines, recordPhases } from "./sys/phases.ts";

const PHASES_VARIABLE = "OCICAT_PHASES";

async function main(name: string, words: readonly string[]): Promise<number> {
  if (process.env[PHASES_VARIABLE] !== undefined) {
    recordPhases();
    endPhase("start");
  }
  const notes = takeLaunchNotes(process.env);
  if (notes !== undefined) {
    restoreOpenFilesLimit(notes.openFilesLimit);
  }
  if (name === "ocicat-runtime") {
    return endWith(await ociMain(words, notes));
  }
  if (words[0] === "runtime") {
    return endWith(await ociMain(words.slice(1), notes));
  }
  const { ocicatMain } = await import("./cli/main.ts");
  return ocicatMain(words, notes);
}

/**
 * The short path ends at once: everything is written, and taking the engine apart would cost 2 % of all
 * that a container takes.
 */
function endWith(code: number): number {
  writePhases();
  call("exit_group", code);
  return code;
}

function writePhases(): void {
  const phases = phaseLines();
  if (phases !== "") {
    writeError(phases);
  }
}

try {
  const name = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  process.exitCode = await main(name, process.argv.slice(2));
  writePhases();
} catch (error) {
  writeError(`ocicat: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
