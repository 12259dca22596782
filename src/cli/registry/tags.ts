// registry tags: the tags of a repository in its registry.

import { listRegistryTags } from "../../engine/images/registry-content.ts";
import { defineCommand } from "../command.ts";
import { LIST_FLAGS, type ListFlags, printRows } from "./registry-lists.ts";

export const tags = defineCommand({
  usage: ["[FLAGS] REPOSITORY"],
  about: `Lists the tags of a repository, in the order of its registry.

Fields of --format: .Name .Tag`,
  flags: LIST_FLAGS,
  args: { min: 1, max: 1 },
  examples: [
    "ocicat registry tags debian",
    "ocicat registry tags --quiet --limit 10 quay.io/team/app",
  ],
  act: (flags) => tagsCommand(flags, flags.args[0] ?? ""),
});

/** With podman's columns. */
export async function tagsCommand(flags: ListFlags, repository: string): Promise<number> {
  const columns = {
    columns: "{{.Name}}\\t{{.Tag}}",
    heads: { Name: "NAME", Tag: "TAG" },
    name: "Tag",
  };
  return await printRows(flags, columns, async function* (options) {
    for await (const tag of listRegistryTags(repository, options)) {
      yield { Name: repository, Tag: tag };
    }
  });
}
