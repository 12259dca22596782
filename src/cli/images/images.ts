// images, image ls: the images of the store, with docker's columns and fields.

import { type ListedImage, listImages } from "../../engine/images/list-images.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { absoluteTime, relativeAge } from "../terminal/ages.ts";
import { labelText } from "../terminal/label-text.ts";
import { type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { showText } from "../terminal/printable.ts";
import { shortId } from "../terminal/short-id.ts";
import { humanSize } from "../terminal/sizes.ts";
import { FORMAT_FLAG, imageOptions, STORE_FLAG } from "./image-flags.ts";

const IMAGES_FLAGS = {
  all: { kind: "switch", aliases: ["a"], help: "for docker's sake: there are no hidden images" },
  digests: { kind: "switch", help: "show digests" },
  filter: {
    kind: "list",
    aliases: ["f"],
    value: "KEY=VALUE",
    help: "dangling, reference, label, before, since, until, containers, id, digest, manifest",
  },
  ...FORMAT_FLAG,
  "no-trunc": { kind: "switch", help: "show whole IDs" },
  quiet: { kind: "switch", aliases: ["q"], help: "IDs alone" },
  noheading: { kind: "switch", aliases: ["n"], help: "a table without its heads" },
  sort: { kind: "text", value: "KEY", help: "created, repository, tag, size or id" },
  ...STORE_FLAG,
} as const satisfies FlagTable;

type ImagesFlags = FlagsOf<typeof IMAGES_FLAGS>;

export const images = defineCommand({
  usage: ["[FLAGS] [REPOSITORY[:TAG]]"],
  about: `Lists the images of the store, a line for each name. REPOSITORY may be a pattern with * and ?.

Fields of --format: .Repository .Tag .Digest .ID .CreatedSince .CreatedAt .Size .Containers .Platform
.Labels`,
  flags: IMAGES_FLAGS,
  refused: () =>
    Promise.resolve({
      history: { reason: "names that images have had are not kept" },
      tree: {
        reason: "one image of a list is stored unless more are asked for",
        hint: "`ocicat manifest inspect`",
      },
    }),
  args: { min: 0, max: 1 },
  completes: "image",
  examples: [
    "ocicat images",
    "ocicat images --filter dangling=true -q",
    "ocicat images --format '{{.Repository}}:{{.Tag}} {{.Size}}' 'debian*'",
    "ocicat images --format json",
  ],
  act: listCommand,
});

async function listCommand(flags: ImagesFlags): Promise<number> {
  const print = listPrinter(listingOf(flags.switch("digests")), {
    format: flags.text("format"),
    quiet: flags.switch("quiet"),
    hasNoHead: flags.switch("noheading"),
  });
  const order = orderOf(flags.text("sort") ?? "created");
  const listed = await listImages({
    ...imageOptions(flags.text("store")),
    reference: flags.args[0],
    filters: flags.list("filter"),
  });
  const nowMs = Date.now();
  const rows = listed.toSorted(order).map((image) => rowOf(image, flags.switch("no-trunc"), nowMs));
  // A person who asks for IDs wants each once.
  const shown = flags.switch("quiet") ? uniqueBy(rows, "ID") : rows;
  showText(print(shown));
  return 0;
}

function listingOf(digests: boolean): Listing {
  const digest = digests ? "{{.Digest}}\\t" : "";
  return {
    columns: `{{.Repository}}\\t{{.Tag}}\\t${digest}{{.ID}}\\t{{.CreatedSince}}\\t{{.Size}}`,
    name: "ID",
    heads: {
      ID: "IMAGE ID",
      Repository: "REPOSITORY",
      Tag: "TAG",
      Digest: "DIGEST",
      CreatedSince: "CREATED",
      CreatedAt: "CREATED AT",
      Size: "SIZE",
      Containers: "CONTAINERS",
      Platform: "PLATFORM",
      Labels: "LABELS",
      SharedSize: "SHARED SIZE",
      UniqueSize: "UNIQUE SIZE",
      VirtualSize: "SIZE",
    },
  };
}

function rowOf(image: ListedImage, isWhole: boolean, nowMs: number): Row {
  const { createdMs, platform } = image;
  return {
    Containers: String(image.containers.length),
    CreatedAt: createdMs === undefined ? "N/A" : absoluteTime(createdMs),
    CreatedSince: createdMs === undefined ? "N/A" : relativeAge(createdMs, nowMs),
    Digest: image.digest,
    ID: isWhole ? image.id : shortId(image.id),
    Labels: labelText(image.labels),
    Platform: platform === undefined ? "" : `${platform.os}/${platform.architecture}`,
    Repository: image.repository,
    Size: humanSize(image.size),
    Tag: image.tag,
    // Docker's, which templates name: nobody computes the first two there either.
    SharedSize: "N/A",
    UniqueSize: "N/A",
    VirtualSize: humanSize(image.size),
  };
}

function uniqueBy(rows: readonly Row[], name: string): readonly Row[] {
  return [...new Map(rows.map((row) => [row[name], row])).values()];
}

type Order = (a: ListedImage, b: ListedImage) => number;

const byText =
  (textOf: (image: ListedImage) => string): Order =>
  (a, b) =>
    textOf(a).localeCompare(textOf(b));

/** The engine lists the latest first. */
const ORDERS: Readonly<Record<string, Order>> = {
  created: () => 0,
  repository: byText(({ repository, tag }) => `${repository}:${tag}`),
  tag: byText(({ tag }) => tag),
  size: (a, b) => a.size - b.size,
  id: byText(({ id }) => id),
};

function orderOf(key: string): Order {
  const order = Object.hasOwn(ORDERS, key) ? ORDERS[key] : undefined;
  if (order === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--sort ${quote(key)}`,
      reason: `it is one of ${Object.keys(ORDERS).join(", ")}`,
    });
  }
  return order;
}
