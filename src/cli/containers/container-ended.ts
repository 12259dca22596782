// container-ended: what a holder executes when its container, or its exec, has ended. Not meant for people.

import { containerEnded as seeToTheEnd } from "../../engine/containers/container-ended.ts";
import { readSurroundings } from "../../engine/surroundings.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const containerEnded = defineCommand({
  usage: ["[--exec EXEC] ID", "--fold"],
  about: "Gives back what a container had that has ended. Its holder executes this.",
  flags: {
    fold: {
      kind: "switch",
      help: "no container: only put the events in order that have been written",
    },
    exec: { kind: "text", value: "EXEC", help: "a process that was executed in it has ended" },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 1 },
  examples: ["ocicat container-ended 4f2c"],
  async act(flags) {
    const [id = ""] = flags.args;
    if (flags.switch("fold")) {
      const { foldEvents } = await import("../../engine/events/fold-events.ts");
      foldEvents(await readSurroundings(placeOptions(flags)));
      return 0;
    }
    if (id === "") {
      throw new OcicatError("invalid-argument", {
        operation: "look after",
        subject: "what has ended",
        reason: "the ID of a container is missing",
      });
    }
    const exec = flags.text("exec");
    try {
      if (exec === undefined) {
        await seeToTheEnd(id, placeOptions(flags));
      } else {
        const { execEnded } = await import("../../engine/containers/exec-ended.ts");
        await execEnded(id, exec, placeOptions(flags));
      }
    } catch (error) {
      // Somebody else has removed it.
      if (!(error instanceof OcicatError && error.code === "not-found")) {
        throw error;
      }
    }
    return 0;
  },
});
