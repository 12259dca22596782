// Sizes as docker writes them: decimal units, three digits: "117MB"; of memory binary units, four digits:
// "1.944GiB".

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB"];
const STEP = 1000;
const BINARY_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB"];
const BINARY_STEP = 1024;
const BINARY_DIGITS = 4;

/** 4_270_000 is "4.27MB", with three digits. */
export function humanSize(bytes: number, digits = 3): string {
  const { value, unit } = reduced(bytes, UNITS, STEP);
  // The whole digits are kept: 999.9 is 1000, where three digits would make 1e+3 of it.
  const rounded = value >= STEP - 1 ? Math.round(value) : Number(value.toPrecision(digits));
  return `${rounded}${unit}`;
}

/** 2_087_000_000 is "1.944GiB". */
export function binarySize(bytes: number): string {
  const { value, unit } = reduced(bytes, BINARY_UNITS, BINARY_STEP);
  return `${Number(value.toPrecision(BINARY_DIGITS))}${unit}`;
}

function reduced(
  bytes: number,
  units: readonly string[],
  step: number,
): { readonly value: number; readonly unit: string } {
  let value = bytes;
  let index = 0;
  while (value >= step && index < units.length - 1) {
    value /= step;
    index += 1;
  }
  return { value, unit: units[index] ?? "" };
}
