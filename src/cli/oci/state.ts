// `state`: the state of a container as JSON, with nothing else on either stream.

import { queryState } from "../../runtime/query-state.ts";
import { writeOutput } from "../write-text.ts";
import { defineCommand } from "./command.ts";

export const state = defineCommand({
  name: "state",
  usage: "ID",
  flags: {},
  args: { min: 1, max: 1 },
  act({ stateRoot }, { args: [id = ""] }) {
    const report = queryState({ stateRoot, id });
    // runc's own document always has the owner, which only its `list` fills in.
    writeOutput(`${JSON.stringify({ ...report, owner: "" }, undefined, 2)}\n`);
    return 0;
  },
});
