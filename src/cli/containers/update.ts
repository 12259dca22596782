// update: other limits for containers.

import { parseRestartPolicy } from "../../engine/containers/restart-policy.ts";
import {
  type UpdateContainerOptions,
  updateContainer,
} from "../../engine/containers/update-container.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { LIMIT_FLAGS } from "../run/resource-flags.ts";
import { parseChangedLimits } from "../run/resource-options.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";

const UPDATE_FLAGS = {
  ...LIMIT_FLAGS,
  restart: {
    kind: "text",
    value: "POLICY",
    help: "no, on-failure[:TIMES], always, unless-stopped",
  },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

type UpdateFlags = FlagsOf<typeof UPDATE_FLAGS>;

export const update = defineCommand({
  usage: ["[FLAGS] CONTAINER..."],
  about: `Gives containers other limits, which hold at once where they run, and another restart policy. What
is not given stays as it is.`,
  flags: UPDATE_FLAGS,
  refused: () =>
    Promise.resolve({
      "kernel-memory": {
        reason: "the kernel has no such limit any more",
        hint: "--memory counts it",
      },
    }),
  args: { min: 1 },
  completes: "container",
  examples: ["ocicat update --memory 1g --cpus 2 web", "ocicat update --pids-limit -1 web db"],
  act(flags, { command }) {
    const change = changeOf(flags);
    return forEachContainer(flags.args, command, async (word) => {
      await updateContainer(word, { ...placeOptions(flags), ...change });
      return word;
    });
  },
});

function changeOf(flags: UpdateFlags): Omit<UpdateContainerOptions, keyof typeof PLACE_FLAGS> {
  const names = ["restart", ...Object.keys(LIMIT_FLAGS)];
  const restart = flags.text("restart");
  const limits = parseChangedLimits(flags);
  const unlimitedPids = flags.isSet("pids-limit") && limits.pids === undefined;
  if (restart === undefined && !unlimitedPids && Object.keys(limits).length === 0) {
    throw new OcicatError("invalid-argument", {
      operation: "update",
      subject: "containers",
      reason: "no flag says what is to change",
      hint: `there are --${names.join(", --")}`,
    });
  }
  return {
    limits,
    unlimitedPids,
    ...(restart === undefined ? {} : { restart: parseRestartPolicy(restart) }),
  };
}
