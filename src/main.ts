// The compiled program.

import { runCommand } from "./command.ts";

await runCommand();
