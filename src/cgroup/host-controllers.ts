// Which controllers the host's trees have.

import { parseWords, readControlIfExists } from "./control-file.ts";
import type { CgroupHost } from "./types.ts";

/** Those of the v1 trees, without named ones, and those that the v2 tree offers. */
export function hostControllers({ hierarchies, unified }: CgroupHost): string[] {
  const v1 = hierarchies.flatMap(({ controllers }) => controllers);
  const offered =
    unified === undefined
      ? undefined
      : readControlIfExists(unified.mountPoint, "cgroup.controllers");
  return [...v1.filter((name) => !name.includes("=")), ...parseWords(offered ?? "")];
}
