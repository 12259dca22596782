// Tables as docker draws them: columns without lines between, at least 10 wide, 3 spaces apart. The last
// column is not padded, and a wide character counts as two.

const MINIMAL_WIDTH = 10;
const PADDING = 3;

export function formatTable(
  rows: readonly (readonly string[])[],
  minimalWidth = MINIMAL_WIDTH,
): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) => {
    const padded = rows.filter((row) => column < row.length - 1);
    const cells = padded.map((row) => Bun.stringWidth(row[column] ?? "") + PADDING);
    return Math.max(minimalWidth, ...cells);
  });
  return rows.map((row) => `${formatRow(row, widths)}\n`).join("");
}

function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => {
      const missing = (widths[column] ?? 0) - Bun.stringWidth(cell);
      return column === row.length - 1 ? cell : cell + " ".repeat(missing);
    })
    .join("");
}
