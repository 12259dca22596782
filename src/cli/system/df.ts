// system df: what images and containers take of the disk.

import {
  type ContainerUse,
  type ImageUse,
  measureSystem,
  type SystemUsage,
  type UsagePart,
  type VolumeUse,
} from "../../engine/system/measure-system.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { shortId } from "../terminal/short-id.ts";
import { humanSize } from "../terminal/sizes.ts";
import { formatTable } from "../terminal/table.ts";
import { Template } from "../terminal/template/template.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./place-flags.ts";

const DF_FLAGS = {
  verbose: { kind: "switch", aliases: ["v"], help: "each image, container and volume" },
  format: { kind: "text", value: "FORMAT", help: "table, json or a Go template" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const df = defineCommand({
  usage: ["[FLAGS]"],
  about: `Shows what images, containers and volumes take of the disk, as du counts it. Reclaimable is what would
be gone without the images that no container uses, the containers that do not run, and
unfinished downloads.

Fields of --format: .Type .TotalCount .Active .Size .Reclaimable .Bytes .ReclaimableBytes; with --verbose the lists
.Images .Containers .Volumes`,
  flags: DF_FLAGS,
  args: { min: 0, max: 0 },
  examples: [
    "ocicat system df",
    "ocicat system df -v",
    "ocicat system df --format json",
    "ocicat system df -v --format '{{json .Volumes}}'",
  ],
  act: showUsage,
});

async function showUsage(flags: FlagsOf<typeof DF_FLAGS>): Promise<number> {
  const format = flags.text("format");
  const print = flags.switch("verbose") ? detailsPrinter(format) : partsPrinter(format);
  writeOutput(print(await measureSystem(placeOptions(flags))));
  return 0;
}

/** As listPrinter, it checks the format before any work is done. */
type UsagePrinter = (usage: SystemUsage) => string;

function partsPrinter(format: string | undefined): UsagePrinter {
  const print = listPrinter(LISTING, { format, quiet: false });
  return ({ parts }) => print(parts.map(rowOf));
}

/** With docker's names a template sees lists of all there is. */
function detailsPrinter(format = "table"): UsagePrinter {
  if (format === "json") {
    return (usage) => `${JSON.stringify(usage, undefined, 2)}\n`;
  }
  if (format === "table") {
    return details;
  }
  const template = new Template(format);
  return ({ images, containers, volumes }) => {
    const value = {
      Images: images.map(imageFields),
      Containers: containers.map(containerFields),
      Volumes: volumes.map(volumeFields),
      BuildCache: [],
    };
    return `${template.render(value)}\n`;
  };
}

function imageFields({ id, names, bytes, uniqueBytes, containers }: ImageUse) {
  return {
    ID: id,
    Names: names,
    Size: humanSize(bytes),
    SharedSize: humanSize(bytes - uniqueBytes),
    UniqueSize: humanSize(uniqueBytes),
    Containers: String(containers.length),
  };
}

function containerFields({ id, name = "-", image = "-", bytes, running }: ContainerUse) {
  const Status = running ? "running" : "stopped";
  return { ID: id, Image: image, Size: humanSize(bytes), Status, Names: name };
}

function volumeFields({ name, bytes, containers }: VolumeUse) {
  return { Name: name, Links: String(containers.length), Size: humanSize(bytes) };
}

const LISTING: Listing = {
  columns: "{{.Type}}\\t{{.TotalCount}}\\t{{.Active}}\\t{{.Size}}\\t{{.Reclaimable}}",
  name: "Type",
  heads: {
    Type: "TYPE",
    TotalCount: "TOTAL",
    Active: "ACTIVE",
    Size: "SIZE",
    Reclaimable: "RECLAIMABLE",
    Bytes: "BYTES",
    ReclaimableBytes: "RECLAIMABLE BYTES",
  },
};

const TYPES: Readonly<Record<UsagePart["type"], string>> = {
  images: "Images",
  containers: "Containers",
  volumes: "Local Volumes",
  unfinished: "Unfinished",
  store: "Store",
};

function rowOf({ type, total, active, bytes, reclaimableBytes }: UsagePart): Row {
  const percent = bytes === 0 ? 0 : Math.floor((reclaimableBytes / bytes) * 100);
  return {
    Type: TYPES[type],
    TotalCount: String(total),
    Active: String(active),
    Size: humanSize(bytes),
    Reclaimable: `${humanSize(reclaimableBytes)}${bytes === 0 ? "" : ` (${percent}%)`}`,
    Bytes: bytes,
    ReclaimableBytes: reclaimableBytes,
  };
}

function details({ images, containers, volumes, parts, totalBytes }: SystemUsage): string {
  const rest = parts.filter(({ type }) => type === "unfinished" || type === "store");
  return [
    "Images space usage:\n\n",
    formatTable([
      ["IMAGE", "IMAGE ID", "SIZE", "SHARED SIZE", "UNIQUE SIZE", "CONTAINERS"],
      ...images.map(imageLine),
    ]),
    "\nContainers space usage:\n\n",
    formatTable([
      ["CONTAINER ID", "IMAGE", "SIZE", "STATUS", "NAMES"],
      ...containers.map(containerLine),
    ]),
    "\nLocal Volumes space usage:\n\n",
    formatTable([["VOLUME NAME", "LINKS", "SIZE"], ...volumes.map(volumeLine)]),
    "\n",
    formatTable([
      ...rest.map(({ type, bytes }) => [TYPES[type], humanSize(bytes)]),
      ["Total", humanSize(totalBytes)],
    ]),
  ].join("");
}

function imageLine({ id, names, bytes, uniqueBytes, containers }: ImageUse): string[] {
  return [
    names.length === 0 ? "<none>" : names.join(", "),
    shortId(id),
    humanSize(bytes),
    humanSize(bytes - uniqueBytes),
    humanSize(uniqueBytes),
    String(containers.length),
  ];
}

function containerLine(use: ContainerUse): string[] {
  const { ID, Image, Size, Status, Names } = containerFields(use);
  return [shortId(ID), Image, Size, Status, Names];
}

function volumeLine({ name, bytes, containers }: VolumeUse): string[] {
  return [name, String(containers.length), humanSize(bytes)];
}
