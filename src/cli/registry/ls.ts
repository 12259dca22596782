// registry ls: the repositories of a registry.

import { listRepositories } from "../../engine/images/registry-content.ts";
import { defineCommand } from "../command.ts";
import { LIST_FLAGS, type ListFlags, printRows } from "./registry-lists.ts";

export const ls = defineCommand({
  usage: ["[FLAGS] REGISTRY"],
  about: `Lists the repositories of a registry. Many registries show them to nobody, or to their owner.

Fields of --format: .Name`,
  flags: LIST_FLAGS,
  args: { min: 1, max: 1 },
  examples: ["ocicat registry ls localhost:5000"],
  act: (flags) => repositoriesCommand(flags, flags.args[0] ?? ""),
});

/** `term`: a part of the names of those that are shown. */
export async function repositoriesCommand(
  flags: ListFlags,
  registry: string,
  term = "",
): Promise<number> {
  const columns = { columns: "{{.Name}}", heads: { Name: "NAME" }, name: "Name" };
  return await printRows(flags, columns, async function* (options) {
    for await (const path of listRepositories(registry, options)) {
      if (path.includes(term)) {
        yield { Name: `${registry}/${path}` };
      }
    }
  });
}
