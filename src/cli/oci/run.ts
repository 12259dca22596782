// `run`: create and start in one; in the foreground its exit code is the process's.

import { Attendance, ownTerminalSize } from "../../runtime/attend.ts";
import { run as runContainer, runDetached } from "../../runtime/run.ts";
import { exitCodeOf } from "../../sys/process.ts";
import { defineCommand } from "./command.ts";
import { CREATE_FLAGS, createOptions } from "./create-flags.ts";

export const run = defineCommand({
  name: "run",
  usage: "ID",
  flags: {
    ...CREATE_FLAGS,
    detach: { kind: "switch", aliases: ["d"], help: "do not wait for the process" },
    keep: { kind: "switch", help: "do not delete the container when it ends" },
    "no-subreaper": { kind: "switch", help: "ignored: nothing is adopted" },
  },
  args: { min: 1, max: 1 },
  async act(context, flags) {
    const options = createOptions(context, flags);
    if (flags.switch("detach")) {
      await runDetached(options);
      return 0;
    }
    using attendance = new Attendance();
    const status = await runContainer({
      ...options,
      keep: flags.switch("keep"),
      consoleFd: attendance.consoleFd,
      terminalSize: ownTerminalSize(),
      attend: (stagePid, initPid, notified) => attendance.attend(stagePid, initPid, notified),
    });
    return exitCodeOf(status);
  },
});
