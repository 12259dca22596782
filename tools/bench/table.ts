// Markdown tables.

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

export function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}

export function bytes(count: number): string {
  if (count < 1024) {
    return `${count} B`;
  }
  if (count < 1024 * 1024) {
    return `${(count / 1024).toFixed(1)} KB`;
  }
  return `${(count / 1024 / 1024).toFixed(1)} MB`;
}

/** ocicat's figure over another's, and whether a target for it is met. */
export function ratio(value: number, limit: number | undefined): string {
  const text = `${value.toFixed(2)} x`;
  if (limit === undefined) {
    return text;
  }
  return value <= limit
    ? `${text} (target ${limit}: met)`
    : `**${text} (target ${limit}: missed)**`;
}
