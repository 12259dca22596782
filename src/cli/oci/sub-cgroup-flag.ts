// exec --cgroup: "PATH", or on cgroup v1 "CONTROLLER[,CONTROLLER...]:PATH", as often as needed.

import { quote } from "../../error/ocicat-error.ts";
import type { SubCgroup } from "../../runtime/sub-cgroup.ts";
import { usageError } from "../flags.ts";

export function parseSubCgroup(words: readonly string[]): SubCgroup {
  const [first = ""] = words;
  if (words.length < 2 && !first.includes(":")) {
    return first;
  }
  return Object.fromEntries(words.flatMap(byController));
}

function byController(word: string): [controller: string, path: string][] {
  const [controllers = "", path, ...rest] = word.split(":");
  if (path === undefined) {
    throw usageError(`invalid --cgroup argument: ${quote(word)} has no controller`);
  }
  if (rest.length > 0) {
    throw usageError(`invalid --cgroup argument: ${quote(word)} has more than one colon`);
  }
  return controllers.split(",").map((controller) => [controller, path]);
}
