// Attaches its own input and output to the holder at descriptor 3, as `ocicat run` does:
//
//   bun attach-client.ts RESULT_FILE still|in-loop [terminal]
//
// At the end RESULT_FILE tells how it ended and which signals came.

import { writeFileSync } from "node:fs";
import { attach } from "../../src/holder/attach.ts";
import { poll } from "../../src/sys/poll.ts";
import { pollInLoop } from "../../src/sys/waiting.ts";

const [resultFile = "", waiting, kind] = process.argv.slice(2);
const signals: number[] = [];
const end = await attach({
  socketFd: 3,
  primary: true,
  inputFd: 0,
  outputFd: 1,
  errorFd: 2,
  terminalFd: kind === "terminal" ? 0 : undefined,
  wait: waiting === "still" ? poll : pollInLoop,
  onSignal: (signal) => {
    signals.push(signal);
    writeFileSync(`${resultFile}.signals`, signals.join(" "));
  },
});
writeFileSync(resultFile, JSON.stringify({ end, signals }));
