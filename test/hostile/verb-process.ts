// One verb of the runtime in a process of its own, which a test can have killed or stopped at a point:
//
//   bun verb-process.ts '{"verb":"create","options":{...},"killAtCall":17}'
//
// Exits with 0 and the number of system calls when the verb is done, with 1 and the error's text on standard output when it failed.

import { create } from "../../src/runtime/create.ts";
import type { CreateOptions } from "../../src/runtime/create-options.ts";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { execDetached } from "../../src/runtime/exec.ts";
import { run } from "../../src/runtime/run.ts";
import { start } from "../../src/runtime/start.ts";
import { observeCalls } from "../../src/sys/call.ts";

export interface VerbRequest {
  readonly verb: "create" | "start" | "exec" | "run" | "delete";
  readonly options: CreateOptions;
  /** exec: the program and its arguments. */
  readonly args?: readonly string[];
  /** SIGKILL before this system call of this process: 1 is the first. */
  readonly killAtCall?: number;
  /** SIGSTOP before the first report of the stage is received. */
  readonly stopBeforeReports?: boolean;
}

let callCount = 0;

function observe({ killAtCall, stopBeforeReports }: VerbRequest): void {
  observeCalls((sequenceNumber, name) => {
    callCount = sequenceNumber;
    if (sequenceNumber === killAtCall) {
      process.kill(process.pid, "SIGKILL");
    }
    if (stopBeforeReports === true && name === "recvfrom") {
      process.kill(process.pid, "SIGSTOP");
    }
  });
}

async function perform({ verb, options, args = [] }: VerbRequest): Promise<void> {
  switch (verb) {
    case "create":
      await create(options);
      break;
    case "start":
      start(options);
      break;
    case "run":
      await run(options);
      break;
    case "delete":
      deleteContainer({ ...options, force: true });
      break;
    case "exec":
      await execDetached({
        ...options,
        process: (own) => ({ user: { uid: 0, gid: 0 }, cwd: "/", ...own, args }),
      });
  }
}

if (import.meta.main) {
  const request: VerbRequest = JSON.parse(process.argv[2] ?? "");
  observe(request);
  try {
    await perform(request);
    await Bun.write(Bun.stdout, String(callCount));
  } catch (error) {
    await Bun.write(Bun.stdout, String(error));
    process.exitCode = 1;
  }
}
