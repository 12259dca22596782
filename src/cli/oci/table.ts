// A table as Go's text/tabwriter draws it for runc (minimal width 12, padding 3), which scripts cut by
// its columns.

const MINIMAL_WIDTH = 12;
const PADDING = 3;

export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(MINIMAL_WIDTH, ...rows.map((row) => [...(row[column] ?? "")].length + PADDING)),
  );
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(""))
    .map((line) => `${line}\n`)
    .join("");
}
