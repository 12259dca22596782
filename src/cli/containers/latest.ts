// --latest: the container that was created last, in place of a name.

import { type ListedContainer, listContainers } from "../../engine/containers/list-containers.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { placeOptions } from "./container-flags.ts";

export const LATEST_FLAG = {
  latest: { kind: "switch", aliases: ["l"], help: "the container that was created last" },
} as const;

interface LatestFlags {
  readonly args: readonly string[];
  switch(name: "latest"): boolean;
  text(name: "store" | "root"): string | undefined;
}

export function isLatest(flags: Pick<LatestFlags, "switch">): boolean {
  return flags.switch("latest");
}

/** The arguments, with the latest container before them where it is asked for. */
export async function withLatest(flags: LatestFlags): Promise<readonly string[]> {
  if (!flags.switch("latest")) {
    return flags.args;
  }
  const listed = await listContainers({ ...placeOptions(flags), all: true });
  return [latestOf(listed), ...flags.args];
}

/** `listed`: the latest first. Its ID; throws "not-found" where there is none. */
export function latestOf([latest]: readonly ListedContainer[]): string {
  if (latest === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: "the latest container",
      reason: "there is none",
    });
  }
  return latest.record.id;
}

/** The one container that a command is about. */
export async function onlyContainer(flags: LatestFlags): Promise<string> {
  const [word = "", ...others] = await withLatest(flags);
  if (others.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: "--latest",
      reason: "it does not go with a container's name",
    });
  }
  return word;
}
