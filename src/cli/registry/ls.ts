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
  act: (flags) => listCommand(flags, flags.args[0] ?? ""),
});

async function listCommand(flags: ListFlags, registry: string): Promise<number> {
  const columns = { columns: "{{.Name}}", heads: { Name: "NAME" }, name: "Name" };
  return await printRows(flags, columns, async function* (options) {
    for await (const path of listRepositories(registry, options)) {
      yield { Name: `${registry}/${path}` };
    }
  });
}
