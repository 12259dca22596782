// wait: for the end of containers, or for what they are to become.

import {
  CONDITIONS,
  type Condition,
  waitForCondition,
} from "../../engine/containers/await-condition.ts";
import { waitForContainer } from "../../engine/containers/await-exit.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, withLatest } from "./latest.ts";

export const wait = defineCommand({
  usage: ["[--condition STATE] CONTAINER..."],
  about: `Waits until containers have ended, and prints the exit code of each; or until each is in a state, and prints
-1 for those that have not ended.`,
  flags: {
    condition: {
      kind: "list",
      value: "STATE",
      help: "created, running, healthy, unhealthy, ready, exited, stopped; any of several",
    },
    interval: {
      kind: "text",
      aliases: ["i"],
      value: "TIME",
      help: "for podman's sake: nobody polls",
    },
    ...LATEST_FLAG,
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: isLatest },
  completes: "container",
  examples: ["ocicat wait job", "ocicat wait --condition healthy web"],
  async act(flags, { command }) {
    const place = placeOptions(flags);
    const conditions = flags.list("condition").flatMap(parseConditions);
    return forEachContainer(await withLatest(flags), command, async (word) =>
      String(
        await (conditions.length === 0
          ? waitForContainer(word, { ...place, standsStill: true })
          : waitForCondition(word, conditions, place)),
      ),
    );
  },
});

function parseConditions(text: string): readonly Condition[] {
  return text.split(",").map((word) => {
    const condition = CONDITIONS.find((each) => each === word);
    if (condition === undefined) {
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: `--condition ${quote(word)}`,
        reason: `it is none of ${CONDITIONS.join(", ")}`,
      });
    }
    return condition;
  });
}
