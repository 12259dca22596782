// search: as podman has it, in one registry.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { repositoriesCommand } from "./ls.ts";
import { LIST_FLAGS } from "./registry-lists.ts";
import { tagsCommand } from "./tags.ts";

const SEARCH_FLAGS = {
  ...LIST_FLAGS,
  "no-trunc": { kind: "switch", help: "for the peers' sake: nothing is shortened" },
  "list-tags": { kind: "switch", help: "list the tags of a repository" },
} as const satisfies FlagTable;

export const search = defineCommand({
  usage: ["[FLAGS] REGISTRY/TERM", "--list-tags [FLAGS] REPOSITORY"],
  about: `Lists the repositories of a registry whose names contain a term, or the tags of a repository.

Fields of --format: .Name; with --list-tags .Name .Tag`,
  flags: SEARCH_FLAGS,
  refused: async () => (await import("./refused-flags.ts")).REFUSED_SEARCH_FLAGS,
  args: { min: 1, max: 1 },
  examples: ["ocicat search localhost:5000/team", "ocicat search --list-tags debian"],
  act: searchCommand,
});

async function searchCommand(flags: FlagsOf<typeof SEARCH_FLAGS>): Promise<number> {
  const [wanted = ""] = flags.args;
  if (flags.switch("list-tags")) {
    return await tagsCommand(flags, wanted);
  }
  const slash = wanted.indexOf("/");
  if (slash < 0) {
    throw new OcicatError("invalid-argument", {
      operation: "search",
      subject: quote(wanted),
      reason: "it does not say in which registry",
      hint: `\`ocicat search REGISTRY/${wanted}\`; https://hub.docker.com/search searches docker.io`,
    });
  }
  return await repositoriesCommand(flags, wanted.slice(0, slash), wanted.slice(slash + 1));
}
