// Sizes as docker writes them: decimal units, three digits: "117MB".

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB"];
const STEP = 1000;

/** 4_270_000 is "4.27MB", with three digits. */
export function humanSize(bytes: number, digits = 3): string {
  let value = bytes;
  let unit = 0;
  while (value >= STEP && unit < UNITS.length - 1) {
    value /= STEP;
    unit += 1;
  }
  // The whole digits are kept: 999.9 is 1000, where three digits would make 1e+3 of it.
  const rounded = value >= STEP - 1 ? Math.round(value) : Number(value.toPrecision(digits));
  return `${rounded}${UNITS[unit]}`;
}
