// `exec`: another process in a running container. Its exit code is the process's, 255 when there was
// none.

import { Attendance, ownTerminalSize } from "../../runtime/attend.ts";
import {
  type AttendedExecOptions,
  exec as execAttended,
  execDetached,
} from "../../runtime/exec.ts";
import { exitCodeOf } from "../../sys/process.ts";
import { checkPreserved } from "../check-preserved.ts";
import { defineCommand } from "./command.ts";
import { path } from "./create-flags.ts";
import { checkProcessFlags, execProcess, PROCESS_FLAGS } from "./exec-process.ts";
import { parseSubCgroup } from "./sub-cgroup-flag.ts";

export const exec = defineCommand({
  name: "exec",
  usage: "ID [COMMAND [ARGUMENTS]]",
  flags: {
    ...PROCESS_FLAGS,
    detach: { kind: "switch", aliases: ["d"], help: "do not wait for the process" },
    "console-socket": { kind: "text", value: "SOCKET", help: "receives the terminal's master" },
    "pidfd-socket": { kind: "text", value: "SOCKET", help: "receives the process's pidfd" },
    "pid-file": { kind: "text", value: "FILE", help: "receives the process's pid" },
    "preserve-fds": { kind: "text", value: "NUMBER", help: "descriptors to pass on, from 3 on" },
    cgroup: { kind: "list", value: "[CONTROLLER:]PATH", help: "a cgroup below the container's" },
    "ignore-paused": { kind: "switch", help: "also when the container is paused" },
  },
  args: { min: 1 },
  placement: "first",
  async act(context, flags) {
    checkProcessFlags(flags);
    const preserveFds = flags.integer("preserve-fds") ?? 0;
    checkPreserved(preserveFds, context.inheritedFds);
    const options: AttendedExecOptions = {
      stateRoot: context.stateRoot,
      id: flags.args[0] ?? "",
      process: (own) => execProcess(flags, own),
      ...path("consoleSocket", flags.text("console-socket")),
      ...path("pidfdSocket", flags.text("pidfd-socket")),
      ...path("pidFile", flags.text("pid-file")),
      cgroup: parseSubCgroup(flags.list("cgroup")),
      preserveFds,
      ignorePaused: flags.switch("ignore-paused"),
    };
    if (flags.switch("detach")) {
      await execDetached(options);
      return 0;
    }
    using attendance = new Attendance();
    const consoleSize = ownTerminalSize();
    const status = await execAttended({
      ...options,
      process: (own) => {
        const process = execProcess(flags, own);
        return consoleSize === undefined ? process : { ...process, consoleSize };
      },
      consoleFd: attendance.consoleFd,
      attend: (stagePid, pid) => attendance.attend(stagePid, pid),
    });
    return exitCodeOf(status);
  },
});
