// `pause` and `resume`.

import { pauseContainer } from "../../runtime/pause.ts";
import { resumeContainer } from "../../runtime/resume.ts";
import { defineCommand } from "./command.ts";

export const pauseCommand = defineCommand({
  name: "pause",
  usage: "ID",
  flags: {},
  args: { min: 1, max: 1 },
  act({ stateRoot }, { args: [id = ""] }) {
    pauseContainer({ stateRoot, id });
    return 0;
  },
});

export const resumeCommand = defineCommand({
  name: "resume",
  usage: "ID",
  flags: {},
  args: { min: 1, max: 1 },
  act({ stateRoot }, { args: [id = ""] }) {
    resumeContainer({ stateRoot, id });
    return 0;
  },
});
