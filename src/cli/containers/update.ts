// update: other limits for containers.

import { parseRestartPolicy } from "../../engine/containers/restart-policy.ts";
import {
  type UpdateContainerOptions,
  updateContainer,
} from "../../engine/containers/update-container.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { parseCpus, parseMemory, parsePidsLimit } from "../run/values.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";

const UPDATE_FLAGS = {
  memory: { kind: "text", aliases: ["m"], value: "SIZE", help: "bytes, or with k, m, g" },
  cpus: { kind: "text", value: "NUMBER", help: "CPU time, in processors: 1.5" },
  "pids-limit": { kind: "text", value: "NUMBER", help: "number of processes; -1 for no limit" },
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
  const memory = flags.text("memory");
  const cpus = flags.text("cpus");
  const pidsText = flags.text("pids-limit");
  const restart = flags.text("restart");
  if ([memory, cpus, pidsText, restart].every((value) => value === undefined)) {
    throw new OcicatError("invalid-argument", {
      operation: "update",
      subject: "containers",
      reason: "no flag says what is to change",
    });
  }
  const pids = pidsText === undefined ? undefined : parsePidsLimit(pidsText);
  return {
    limits: {
      ...(memory === undefined ? {} : { memory: parseMemory(memory) }),
      ...(cpus === undefined ? {} : { cpus: parseCpus(cpus) }),
      ...(pids === undefined ? {} : { pids }),
    },
    unlimitedPids: pidsText !== undefined && pids === undefined,
    ...(restart === undefined ? {} : { restart: parseRestartPolicy(restart) }),
  };
}
