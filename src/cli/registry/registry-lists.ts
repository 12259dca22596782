// What commands that list the content of registries have in common.

import type { TransferOptions } from "../../engine/images/transfer-options.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { FORMAT_FLAG, imageOptions, STORE_FLAG } from "../images/image-flags.ts";
import { CREDENTIAL_FLAGS, registryAccess } from "../images/registry-flags.ts";
import { parseWhole } from "../run/values.ts";
import { type Listing, listPrinter, type Row } from "../terminal/list-format.ts";
import { showText } from "../terminal/printable.ts";

export const LIST_FLAGS = {
  limit: { kind: "text", value: "NUMBER", help: "at most so many" },
  noheading: { kind: "switch", help: "no line above the columns" },
  quiet: { kind: "switch", aliases: ["q"], help: "names alone" },
  ...FORMAT_FLAG,
  ...CREDENTIAL_FLAGS,
  ...STORE_FLAG,
} as const satisfies FlagTable;

export type ListFlags = FlagsOf<typeof LIST_FLAGS>;

/** More than a registry may send. */
const MOST_ENTRIES = 1_000_000_000;

/** `rows` ends when as many as the user wants are there: later pages are not asked for. */
export async function printRows(
  flags: ListFlags,
  listing: Listing,
  rows: (options: TransferOptions) => AsyncIterable<Row>,
): Promise<number> {
  const print = listPrinter(listing, {
    format: flags.text("format"),
    quiet: flags.switch("quiet"),
    hasNoHead: flags.switch("noheading"),
  });
  const limit = parseWhole("limit", flags.text("limit") ?? String(MOST_ENTRIES), [1, MOST_ENTRIES]);
  const options = { ...imageOptions(flags.text("store")), ...registryAccess(flags) };
  const found: Row[] = [];
  for await (const row of rows(options)) {
    if (found.length >= limit) {
      break;
    }
    found.push(row);
  }
  showText(print(found));
  return 0;
}
