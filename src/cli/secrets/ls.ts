// secret ls: the secrets of the store, without their values.

import { listSecrets } from "../../engine/secrets/secret-operations.ts";
import type { Secret } from "../../engine/secrets/secret-store.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { labelText } from "../terminal/label-text.ts";
import { LABELS, type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { writeOutput } from "../write-text.ts";

const LISTING: Listing = {
  columns: "{{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.CreatedAt}}\\t{{.UpdatedAt}}",
  name: "ID",
  heads: {
    ID: "ID",
    Name: "NAME",
    Driver: "DRIVER",
    CreatedAt: "CREATED",
    UpdatedAt: "UPDATED",
    Labels: "LABELS",
  },
};

export const ls = defineCommand({
  usage: ["[FLAGS]"],
  about: `Lists secrets, not their values.

Fields of --format: .ID .Name .Driver .CreatedAt .UpdatedAt .Labels`,
  flags: {
    quiet: { kind: "switch", aliases: ["q"], help: "IDs alone" },
    noheading: { kind: "switch", aliases: ["n"], help: "a table without its heads" },
    filter: {
      kind: "list",
      aliases: ["f"],
      value: "KEY=VALUE",
      help: "id, name, label, driver",
    },
    format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 0 },
  examples: ["ocicat secret ls", "ocicat secret ls --format '{{.Name}}'"],
  async act(flags) {
    const print = listPrinter(LISTING, {
      format: flags.text("format"),
      quiet: flags.switch("quiet"),
      hasNoHead: flags.switch("noheading"),
    });
    const secrets = await listSecrets({ ...placeOptions(flags), filters: flags.list("filter") });
    writeOutput(print(secrets.map(rowOf)));
    return 0;
  },
});

function rowOf({ id, name, created, updated, labels }: Secret): Row {
  return {
    ID: id,
    Name: name,
    Driver: "file",
    CreatedAt: created,
    UpdatedAt: updated,
    Labels: labelText(labels),
    [LABELS]: labels,
  };
}
