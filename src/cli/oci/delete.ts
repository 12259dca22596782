// `delete`: removes a container that has stopped, or with --force any.

import { deleteContainer } from "../../runtime/delete.ts";
import { defineCommand } from "./command.ts";

export const deleteCommand = defineCommand({
  name: "delete",
  usage: "ID",
  flags: {
    force: { kind: "switch", aliases: ["f"], help: "kill it first; nothing to delete is no error" },
  },
  args: { min: 1, max: 1 },
  act({ stateRoot, onWarning }, flags) {
    const [id = ""] = flags.args;
    deleteContainer({ stateRoot, id, force: flags.switch("force"), onWarning });
    return 0;
  },
});
