// Which containers a command is about: those that are named, or whose IDs are in files; with --all every one
// that it can be done with; with --filter those of them that it lets through; with --latest the one that was
// created last.

import { listContainers } from "../../engine/containers/list-containers.ts";
import { readTextFile } from "../../sys/file.ts";
import { absolutePath } from "../absolute-path.ts";
import { placeOptions } from "./container-flags.ts";
import { isLatest, LATEST_FLAG } from "./latest.ts";

export const CHOICE_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "every container that it can be done with" },
  ...LATEST_FLAG,
  filter: { kind: "list", value: "KEY=VALUE", help: "those of all that `ps --filter` shows" },
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
  return isListed(flags) || flags.list("cidfile").length > 0;
}

function isListed(flags: Pick<ChoiceFlags, "switch" | "list">): boolean {
  return flags.switch("all") || isLatest(flags) || flags.list("filter").length > 0;
}

/** The states in which something can be done with a container; "all": in any. */
export type ChosenStates = "all" | readonly ("running" | "paused" | "created" | "exited")[];

/** `states`: of those that --all means, which need not be given where `isAll`. */
export async function chosenContainers(
  flags: ChoiceFlags,
  states: ChosenStates = ["running", "paused"],
  isAll = false,
): Promise<readonly string[]> {
  const files = flags.list("cidfile").map((path) => readTextFile(absolutePath(path)).trim());
  const named = [...flags.args, ...files];
  if (!isListed(flags) && !isAll) {
    return named;
  }
  const listed = await listContainers({
    ...placeOptions(flags),
    all: true,
    filters: flags.list("filter"),
  });
  const possible = listed.filter(({ status: { kind } }) => {
    const known: readonly string[] = states === "all" ? [kind] : states;
    return isLatest(flags) || known.includes(kind);
  });
  const ids = possible.map(({ record }) => record.id);
  return [...named, ...(isLatest(flags) ? ids.slice(0, 1) : ids)];
}
