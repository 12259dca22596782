// Reads `ociVersion`, semantic versioning 2.0.0.

import { shown } from "./report.ts";
import { isDecimal } from "./text-rules.ts";

/**
 * Every 1.x is accepted: an older one asks for less than this runtime does, a newer one is obliged
 * to keep working without what it adds.
 */
export function ociVersion(value: string): string | undefined {
  const numbers = numbersOf(value).split(".");
  const isVersion = numbers.length === 3 && numbers.every(isVersionNumber);
  if (!isVersion || !hasValidSuffixes(value)) {
    return `${shown(value)} is not a semantic version`;
  }
  return numbers[0] === "1" ? undefined : `${shown(value)} is not supported, only 1.x is`;
}

/** "1.2.0" of "1.2.0-rc.1+build". */
function numbersOf(version: string): string {
  const end = suffixStart(version);
  return end < 0 ? version : version.slice(0, end);
}

function suffixStart(version: string): number {
  for (let index = 0; index < version.length; index += 1) {
    if (version[index] === "-" || version[index] === "+") {
      return index;
    }
  }
  return -1;
}

function isVersionNumber(text: string): boolean {
  return isDecimal(text) && (text === "0" || !text.startsWith("0"));
}

function hasValidSuffixes(version: string): boolean {
  const start = suffixStart(version);
  return (
    start < 0 ||
    /^(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?$/.test(version.slice(start))
  );
}
