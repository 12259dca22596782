// history, image history: how an image was made.

import { type HistoryStep, imageHistory } from "../../engine/images/image-history.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { relativeAge, rfc3339 } from "../terminal/ages.ts";
import { type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { printable, showText } from "../terminal/printable.ts";
import { shortId } from "../terminal/short-id.ts";
import { humanSize } from "../terminal/sizes.ts";
import { FORMAT_FLAG, imageOptions, PLATFORM_FLAG, STORE_FLAG } from "./image-flags.ts";

const HISTORY_FLAGS = {
  ...FORMAT_FLAG,
  human: {
    kind: "switch",
    aliases: ["H"],
    help: "sizes and ages for people, the default; --human=false for bytes and times",
  },
  "no-trunc": { kind: "switch", help: "show whole IDs and commands" },
  ...PLATFORM_FLAG,
  quiet: { kind: "switch", aliases: ["q"], help: "IDs alone" },
  ...STORE_FLAG,
} as const satisfies FlagTable;

export const history = defineCommand({
  usage: ["[FLAGS] IMAGE"],
  about: `Shows the steps that an image was made in, the last one first.

Fields of --format: .ID .CreatedSince .CreatedAt .CreatedBy .Size .Comment .Tags`,
  flags: HISTORY_FLAGS,
  args: { min: 1, max: 1 },
  completes: "image",
  examples: [
    "ocicat history debian:12",
    "ocicat history --no-trunc --format '{{.CreatedBy}}' debian:12",
  ],
  act: historyCommand,
});

/** Times are docker's: the age for people, the moment for programs. */
function listingOf(isForPeople: boolean): Listing {
  const created = isForPeople ? "{{.CreatedSince}}" : "{{.CreatedAt}}";
  return {
    columns: `{{.ID}}\\t${created}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}`,
    name: "ID",
    heads: HEADS,
  };
}

const HEADS = {
  ID: "IMAGE",
  CreatedSince: "CREATED",
  CreatedAt: "CREATED AT",
  CreatedBy: "CREATED BY",
  Size: "SIZE",
  Comment: "COMMENT",
  Tags: "TAGS",
};

const LONGEST_COMMAND = 45;

async function historyCommand(flags: FlagsOf<typeof HISTORY_FLAGS>): Promise<number> {
  const isForPeople = !flags.isSet("human") || flags.switch("human");
  const print = listPrinter(listingOf(isForPeople), {
    format: flags.text("format"),
    quiet: flags.switch("quiet"),
  });
  const steps = await imageHistory(flags.args[0] ?? "", {
    ...imageOptions(flags.text("store")),
    platform: flags.text("platform"),
  });
  const style = {
    isWhole: flags.switch("no-trunc"),
    isForPeople,
    nowMs: Date.now(),
  };
  showText(print(steps.map((step) => rowOf(step, style))));
  return 0;
}

interface Style {
  readonly isWhole: boolean;
  readonly isForPeople: boolean;
  readonly nowMs: number;
}

function rowOf(step: HistoryStep, { isWhole, isForPeople, nowMs }: Style): Row {
  const { id, createdMs, size } = step;
  const createdAt = createdMs === undefined ? "N/A" : rfc3339(createdMs);
  const createdSince = createdMs === undefined ? "N/A" : relativeAge(createdMs, nowMs);
  const command = printable(step.createdBy).replaceAll(/[\t\n]/g, " ");
  return {
    ID: idOf(id, isWhole),
    CreatedAt: createdAt,
    CreatedSince: createdSince,
    CreatedBy: isWhole ? command : shortened(command),
    Size: isForPeople ? humanSize(size) : String(size),
    Comment: step.comment,
    Tags: step.tags.join(","),
  };
}

/** Docker's word for the steps below the last. */
function idOf(id: string | undefined, isWhole: boolean): string {
  if (id === undefined) {
    return "<missing>";
  }
  return isWhole ? id : shortId(id);
}

function shortened(text: string): string {
  const letters = [...text];
  return letters.length <= LONGEST_COMMAND
    ? text
    : `${letters.slice(0, LONGEST_COMMAND - 1).join("")}…`;
}
