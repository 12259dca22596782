// as-owner: what this program does in a user namespace with all ids of an ordinary user. Not meant for people.

import { actOwnersTask } from "../../engine/users/act-owners-task.ts";
import type { OwnersTask } from "../../engine/users/as-owner-command.ts";
import { defineCommand } from "../command.ts";
import { writeError } from "../write-text.ts";

export const asOwner = defineCommand({
  usage: ["TASK"],
  about: `Gives files of an image or a volume to the ids of a container. ocicat executes this where an ordinary
user's container has other ids than the user.`,
  flags: {},
  args: { min: 1, max: 1 },
  examples: ["ocicat as-owner '{}'"],
  async act(flags) {
    await actOwnersTask(parseTask(flags.args[0] ?? ""), (text) => writeError(`${text}\n`));
    return 0;
  },
});

/** We alone write it, as as-owner-command.ts says. */
function parseTask(text: string): OwnersTask {
  return JSON.parse(text);
}
