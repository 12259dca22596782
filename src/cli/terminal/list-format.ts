// --format of commands that list things: docker's `table`, `json`, a template for each row, or a table
// whose columns a template says.

import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";
import { printLine, type TemplateFunction, TemplateMethod, textOf } from "./template/functions.ts";
import { Template } from "./template/template.ts";

/** The labels of what a row is about: for docker's `.Label "role"`. */
export const LABELS = Symbol("labels");

/** A row's fields by the names that templates have for them. */
export type Row = Readonly<Record<string, unknown>> & {
  readonly [LABELS]?: Readonly<Record<string, string>>;
};

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
  return (rows) =>
    rows.map((row) => `${template.render(withLabel(row, printableRow(row)))}\n`).join("");
}

/** Not among the fields that are counted or written as JSON. */
function withLabel({ [LABELS]: labels }: Row, shown: Row): Row {
  return labels === undefined
    ? shown
    : withMethod(shown, (name) =>
        printable(Object.hasOwn(labels, name) ? (labels[name] ?? "") : ""),
      );
}

function withMethod(shown: Row, textOfLabel: (name: string) => string): Row {
  const call = ([name]: readonly unknown[]) => textOfLabel(textOf(name));
  const value = new TemplateMethod({ min: 1, max: 1, call });
  return Object.defineProperty({ ...shown }, "Label", { value });
}

/** Docker's head of such a column: what stands behind the last dot. */
function headOfLabel(name: string): string {
  return (name.split(".").at(-1) ?? "").replaceAll(/[-_]/g, " ");
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
      ...(hasNoHead ? [] : [template.render(withMethod(heads, headOfLabel), HEAD_FUNCTIONS)]),
      ...rows.map((row) => template.render(withLabel(row, inOneLine(printableRow(row))))),
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
