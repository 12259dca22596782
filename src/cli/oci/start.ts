// `start`: lets a created container's process run.

import { start as startContainer } from "../../runtime/start.ts";
import { defineCommand } from "./command.ts";

export const start = defineCommand({
  name: "start",
  usage: "ID",
  flags: {},
  args: { min: 1, max: 1 },
  act({ stateRoot }, { args: [id = ""] }) {
    startContainer({
      notifySocket: process.env["NOTIFY_SOCKET"] || undefined,
      stateRoot,
      id,
    });
    return 0;
  },
});
