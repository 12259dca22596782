// What the properties that are texts may look like. Each rule says what is wrong, or nothing.

import { shown } from "./scalars.ts";

/** PATH_MAX counts the NUL at the end. */
const PATH_LENGTH_MAX = 4095;

export function path(value: string): string | undefined {
  return value.length > PATH_LENGTH_MAX
    ? `${shown(value)} is longer than ${PATH_LENGTH_MAX} characters`
    : undefined;
}

export function absolutePath(value: string): string | undefined {
  return value.startsWith("/") ? path(value) : `${shown(value)} is not an absolute path`;
}

/** One component of a path. */
export function fileName(value: string): string | undefined {
  if (value === "." || value === ".." || value.includes("/")) {
    return `${shown(value)} is not a file name`;
  }
  return value.length > 255 ? `${shown(value)} is longer than 255 characters` : undefined;
}

export function oneLine(value: string): string | undefined {
  return value.includes("\n") ? `${shown(value)} has more than one line` : undefined;
}

export function environmentVariable(value: string): string | undefined {
  return value.indexOf("=") > 0 ? undefined : `${shown(value)} is not of the form NAME=value`;
}

/** As the kernel's dev_valid_name has it. */
export function interfaceName(value: string): string | undefined {
  if (value.length > 15) {
    return `${shown(value)} is longer than 15 characters`;
  }
  const isName = value !== "" && value !== "." && value !== ".." && !/[/:\s]/.test(value);
  return isName ? undefined : `${shown(value)} is not the name of a network device`;
}

/** Far above any kernel's NR_CPUS or MAX_NUMNODES. */
const LISTED_NUMBER_MAX = 65_535;

/** CPUs or memory nodes: "0-3,7". As for the kernel, spaces and empty elements are no fault. */
export function numberList(value: string): string | undefined {
  for (const element of value.split(",")) {
    const range = element.trim();
    if (range === "") {
      continue;
    }
    const dash = range.indexOf("-");
    const first = decimal(dash < 0 ? range : range.slice(0, dash));
    const last = dash < 0 ? first : decimal(range.slice(dash + 1));
    if (!(first <= last && last <= LISTED_NUMBER_MAX)) {
      return `${shown(value)} is not a list such as "0-3,7"`;
    }
  }
  return undefined;
}

/** NaN for anything but digits. */
function decimal(digits: string): number {
  return isDecimal(digits) ? Number(digits) : Number.NaN;
}

export function isDecimal(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) {
      return false;
    }
  }
  return text !== "";
}
