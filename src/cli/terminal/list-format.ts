// --format of commands that list things: docker's `table`, `json`, a template for each row, or a table
// whose columns a template says.

import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";
import { printLine, type TemplateFunction } from "./template/functions.ts";
import { Template } from "./template/template.ts";

/** A row's fields by the names that templates have for them. */
export type Row = Readonly<Record<string, unknown>>;

export interface Listing {
  /** The template of the table that is shown without --format. */
  readonly columns: string;
  /** What stands above each field's column. */
  readonly heads: Readonly<Record<string, string>>;
  /** What --quiet shows, unless there is a template. */
  readonly name: string;
}

export interface ListChoice {
  readonly format: string | undefined;
  readonly quiet: boolean;
  /** A table without its first line; false when absent. */
  readonly hasNoHead?: boolean;
}

/** Checks the template before any work is done; what it returns draws rows. */
export function listPrinter(
  listing: Listing,
  { format, quiet, hasNoHead = false }: ListChoice,
): (rows: readonly Row[]) => string {
  const given = format?.trim() ?? "";
  const isPlainTable = given === "" || given === "table";
  if (quiet && isPlainTable) {
    return (rows) => rows.map((row) => `${String(row[listing.name])}\n`).join("");
  }
  if (given === "json") {
    return (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  }
  if (isPlainTable) {
    return tablePrinter(listing, listing.columns, hasNoHead);
  }
  if (given.startsWith("table ")) {
    return tablePrinter(listing, given.slice("table ".length).trimStart(), hasNoHead);
  }
  const template = new Template(given);
  return (rows) => rows.map((row) => `${template.render(printableRow(row))}\n`).join("");
}

/** Rows have texts of others. JSON writes them in its own way. */
function printableRow(row: Row): Row {
  return mapTexts(row, printable);
}

/** Tabs and ends of lines belong to the table. */
function inOneLine(row: Row): Row {
  return mapTexts(row, (text) => text.replaceAll(/[\t\n]/g, " "));
}

function mapTexts(row: Row, change: (text: string) => string): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "string" ? change(value) : value,
    ]),
  );
}

function tablePrinter(
  { heads }: Listing,
  columns: string,
  hasNoHead: boolean,
): (rows: readonly Row[]) => string {
  const template = new Template(columns);
  return (rows) => {
    const lines = [
      ...(hasNoHead ? [] : [template.render(heads, HEAD_FUNCTIONS)]),
      ...rows.map((row) => template.render(inOneLine(printableRow(row)))),
    ];
    return formatTable(lines.map((line) => line.split("\t")));
  };
}

/** A column's head is what it is, whatever is made of the values below. */
const firstArgument: TemplateFunction = { min: 0, call: ([value]) => value };

const HEAD_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  ...Object.fromEntries(
    ["json", "title", "lower", "upper", "truncate", "split", "len", "index", "slice", "pad"].map(
      (name) => [name, firstArgument],
    ),
  ),
  join: firstArgument,
  println: { min: 0, call: printLine },
};
