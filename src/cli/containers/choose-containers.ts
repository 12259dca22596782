// Which containers a command is about: those that are named; with --all every one that it can be done with;
// with --latest the one that was created last.

import { listContainers } from "../../engine/containers/list-containers.ts";
import { placeOptions } from "./container-flags.ts";

export const CHOICE_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "every container that it can be done with" },
  latest: { kind: "switch", aliases: ["l"], help: "the container that was created last" },
} as const;

interface ChoiceFlags {
  readonly args: readonly string[];
  switch(name: "all" | "latest"): boolean;
  text(name: "store" | "root"): string | undefined;
}

/** Whether containers need not be named. */
export function isChosen(flags: Pick<ChoiceFlags, "switch">): boolean {
  return flags.switch("all") || flags.switch("latest");
}

/** `state`: a filter of `ps` for those that --all means; undefined: those that run or are paused. */
export async function chosenContainers(
  flags: ChoiceFlags,
  state?: "status=running" | "status=paused" | "all",
): Promise<readonly string[]> {
  if (!isChosen(flags)) {
    return flags.args;
  }
  const isLatest = flags.switch("latest");
  const listed = await listContainers({
    ...placeOptions(flags),
    all: isLatest || state === "all",
    filters: state === undefined || state === "all" || isLatest ? [] : [state],
  });
  const ids = listed.map(({ record }) => record.id);
  return [...flags.args, ...(isLatest ? ids.slice(0, 1) : ids)];
}
