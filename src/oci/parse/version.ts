// Reads `ociVersion`, semantic versioning 2.0.0.

import { shown } from "./scalars.ts";
import { isDecimal } from "./text-rules.ts";

/** What engines write; to recognize them spares the start of a container the grammar. */
const COMMON_VERSIONS = [
  "1.3.0",
  "1.2.1",
  "1.2.0",
  "1.1.0",
  "1.0.2-dev",
  "1.0.2",
  "1.0.1",
  "1.0.0",
];

/**
 * Every 1.x is accepted: an older one asks for less than this runtime does, a newer one is obliged
 * to keep working without what it adds.
 */
export function ociVersion(value: string): string | undefined {
  if (COMMON_VERSIONS.includes(value)) {
    return undefined;
  }
  const coreEnd = endOf(value, isCoreCharacter);
  const numbers = value.slice(0, coreEnd).split(".");
  const [major = "", minor = "", patch = ""] = numbers;
  const isCore = numbers.length === 3 && isNumber(major) && isNumber(minor) && isNumber(patch);
  if (!isCore || !isSuffix(value.slice(coreEnd))) {
    return `${shown(value)} is not a semantic version`;
  }
  return major === "1" ? undefined : `${shown(value)} is not supported, only 1.x is`;
}

function isNumber(text: string): boolean {
  return isDecimal(text) && (text === "0" || !text.startsWith("0"));
}

/** Of "1.2.0-rc.1+build" the part "-rc.1+build"; or nothing. */
function isSuffix(suffix: string): boolean {
  const plus = suffix.indexOf("+");
  const build = plus < 0 ? "" : suffix.slice(plus);
  const preRelease = plus < 0 ? suffix : suffix.slice(0, plus);
  return (
    (preRelease === "" || (preRelease.startsWith("-") && isIdentifiers(preRelease.slice(1)))) &&
    (build === "" || isIdentifiers(build.slice(1)))
  );
}

/** Identifiers with dots between them. */
function isIdentifiers(text: string): boolean {
  for (const identifier of text.split(".")) {
    if (identifier === "" || endOf(identifier, isIdentifierCharacter) < identifier.length) {
      return false;
    }
  }
  return true;
}

/** Where the characters that `belongs` accepts end. */
function endOf(text: string, belongs: (code: number) => boolean): number {
  let end = 0;
  while (end < text.length && belongs(text.charCodeAt(end))) {
    end += 1;
  }
  return end;
}

const DOT = 0x2e;
const HYPHEN = 0x2d;

function isCoreCharacter(code: number): boolean {
  return code === DOT || isDigit(code);
}

function isIdentifierCharacter(code: number): boolean {
  const lowerCase = code | 0x20;
  return code === HYPHEN || isDigit(code) || (lowerCase >= 0x61 && lowerCase <= 0x7a);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
