// volume ls: the volumes of the store.

import { type ListedVolume, listVolumes } from "../../engine/volumes/volume-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { labelText } from "../terminal/label-text.ts";
import { LABELS, type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { writeOutput } from "../write-text.ts";

const LISTING: Listing = {
  columns: "{{.Driver}}\\t{{.Name}}",
  name: "Name",
  heads: {
    Driver: "DRIVER",
    Name: "VOLUME NAME",
    Mountpoint: "MOUNTPOINT",
    Labels: "LABELS",
    Scope: "SCOPE",
    CreatedAt: "CREATED AT",
    Containers: "CONTAINERS",
  },
};

export const ls = defineCommand({
  usage: ["[FLAGS]"],
  about: `Lists volumes.

Fields of --format: .Name .Driver .Mountpoint .Labels .Scope .CreatedAt .Containers`,
  flags: {
    quiet: { kind: "switch", aliases: ["q"], help: "names alone" },
    noheading: { kind: "switch", aliases: ["n"], help: "a table without its heads" },
    filter: {
      kind: "list",
      aliases: ["f"],
      value: "KEY=VALUE",
      help: "name, label, label!, dangling, until, driver, scope, opt",
    },
    format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 0 },
  examples: ["ocicat volume ls", "ocicat volume ls -q --filter dangling=true"],
  async act(flags) {
    const print = listPrinter(LISTING, {
      format: flags.text("format"),
      quiet: flags.switch("quiet"),
      hasNoHead: flags.switch("noheading"),
    });
    const volumes = await listVolumes({ ...placeOptions(flags), filters: flags.list("filter") });
    writeOutput(print(volumes.map(rowOf)));
    return 0;
  },
});

function rowOf({ name, path, labels, created, containers }: ListedVolume): Row {
  return {
    Driver: "local",
    Name: name,
    Mountpoint: path,
    Labels: labelText(labels),
    [LABELS]: labels,
    Scope: "local",
    CreatedAt: created,
    Containers: containers.join(","),
  };
}
