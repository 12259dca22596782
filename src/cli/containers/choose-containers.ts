// Which containers a command is about: those that are named, or whose IDs are in files; with --all every one
// that it can be done with; with --filter those of them that it lets through; with --latest the one that was
// created last.

import type { ContainerStatus } from "../../engine/containers/container-status.ts";
import { listContainers } from "../../engine/containers/list-containers.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { readTextFile } from "../../sys/file.ts";
import { absolutePath } from "../absolute-path.ts";
import { placeOptions, requireNoNames } from "./container-flags.ts";
import { isLatest, LATEST_FLAG, latestOf } from "./latest.ts";

const FILTER_FLAG = {
  kind: "list",
  value: "KEY=VALUE",
  help: "those of all that `ps --filter` shows",
} as const;

/** Of a command that has another -f. */
export const LONG_FILTER_FLAG = { filter: FILTER_FLAG } as const;

export const CHOICE_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "every container that it can be done with" },
  ...LATEST_FLAG,
  filter: { ...FILTER_FLAG, aliases: ["f"] },
  cidfile: { kind: "list", value: "FILE", help: "the container whose ID is in the file" },
} as const;

interface ChoiceFlags {
  readonly args: readonly string[];
  switch(name: "all" | "latest"): boolean;
  list(name: "filter" | "cidfile"): readonly string[];
  text(name: "store" | "root"): string | undefined;
}

/** Whether containers need not be named. */
export function isChosen(flags: Pick<ChoiceFlags, "switch" | "list">): boolean {
  return listingFlag(flags) !== undefined || flags.list("cidfile").length > 0;
}

/** Of those that say which containers of the list are meant. */
function listingFlag(flags: Pick<ChoiceFlags, "switch" | "list">): string | undefined {
  const flag = (["all", "latest"] as const).find((name) => flags.switch(name));
  return flag ?? (flags.list("filter").length > 0 ? "filter" : undefined);
}

/** The states in which something can be done with a container; "all": in any. */
export type ChosenStates = "all" | readonly ContainerStatus["kind"][];

/** `states`: of those that --all means, or `allFlag` where a command has another one. */
export async function chosenContainers(
  flags: ChoiceFlags,
  states: ChosenStates = ["running", "paused"],
  allFlag?: string,
): Promise<readonly string[]> {
  const files = flags.list("cidfile").map((path) => readTextFile(absolutePath(path)).trim());
  const named = [...flags.args, ...files];
  const flag = listingFlag(flags) ?? allFlag;
  if (flag === undefined) {
    return named;
  }
  requireNoNames(named, flag);
  if (flags.switch("all") && isLatest(flags)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: "--latest",
      reason: "it does not go with --all",
    });
  }
  const listed = await listContainers({
    ...placeOptions(flags),
    all: true,
    filters: flags.list("filter"),
  });
  if (isLatest(flags)) {
    return [latestOf(listed)];
  }
  const possible = listed.filter(
    ({ status: { kind } }) => states === "all" || states.includes(kind),
  );
  return possible.map(({ record }) => record.id);
}
