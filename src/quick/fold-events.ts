// In the place of src/engine/events/fold-events.ts: the database of events is the compiled program's.

import { ownEnvironment } from "../engine/own-command.ts";
import type { Surroundings } from "../engine/surroundings.ts";
import { runProgram } from "../sys/run-program.ts";
import { compiledProgram } from "./compiled-program.ts";

/** What is not folded now is folded at the end of another container. */
export function foldEvents({ storeRoot, stateRoot }: Surroundings): void {
  const path = compiledProgram();
  const place = ["--store", storeRoot, "--root", stateRoot];
  const args = [path, "container-ended", "--fold", ...place];
  runProgram({ path, args, environment: ownEnvironment() });
}
