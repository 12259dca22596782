// The command line of ocicat in a process of its own, which a test can have killed at a point:
//
//   KILL_AT_CALL=17 bun engine-process.js run -d ...
//
// SIGKILL before system call 17 of this process; 1 is the first. With COUNT_CALLS=FILE the number of its
// calls stands in the file when it ends. Holders execute this file again when their container has
// ended, with neither.

import { writeFileSync } from "node:fs";
import { ocicatMain } from "../../src/cli/main.ts";
import { observeCalls } from "../../src/sys/call.ts";

if (import.meta.main) {
  const { KILL_AT_CALL, COUNT_CALLS } = process.env;
  let calls = 0;
  observeCalls((sequenceNumber) => {
    calls = sequenceNumber;
    if (sequenceNumber === Number(KILL_AT_CALL)) {
      process.kill(process.pid, "SIGKILL");
    }
  });
  process.exitCode = await ocicatMain(process.argv.slice(2), undefined);
  if (COUNT_CALLS !== undefined) {
    writeFileSync(COUNT_CALLS, String(calls));
  }
}
