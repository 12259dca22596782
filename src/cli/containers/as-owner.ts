// as-owner: what this program does in a user namespace with all ids of an ordinary user. Not meant for people.

import { actOwnersTask } from "../../engine/users/act-owners-task.ts";
import {
  type OwnersRefusal,
  type OwnersTask,
  REFUSED,
} from "../../engine/users/as-owner-command.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { writeError } from "../write-text.ts";

export const asOwner = defineCommand({
  usage: ["TASK"],
  about: `Reads and writes the files of a container, an image or a volume with all ids of an ordinary user. ocicat
executes this where they may belong to other ids than the user.`,
  flags: {},
  args: { min: 1, max: 1 },
  examples: ["ocicat as-owner '{}'"],
  async act(flags) {
    try {
      await actOwnersTask(parseTask(flags.args[0] ?? ""), (text) => writeError(`${text}\n`));
      return 0;
    } catch (error) {
      if (!(error instanceof OcicatError)) {
        throw error;
      }
      writeError(`${JSON.stringify(refusalOf(error))}\n`);
      return REFUSED;
    }
  },
});

function refusalOf({ code, operation, subject, reason, errno, hint }: OcicatError): OwnersRefusal {
  const known = {
    ...(errno === undefined ? {} : { errno }),
    ...(hint === undefined ? {} : { hint }),
  };
  return { code, operation, subject, reason, ...known };
}

/** We alone write it, as as-owner-command.ts says. */
function parseTask(text: string): OwnersTask {
  return JSON.parse(text);
}
