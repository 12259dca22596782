// One setting: what it takes, what it is when nobody says, and a line that tells what it is for. A
// setting takes a value as TOML has it or the text of a variable.

/** Why a value is refused: what follows behind the setting's name and a colon. */
export class Refusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export interface Setting<Value> {
  /** What it takes, for people: "a size", "auto, erofs or directory". */
  readonly takes: string;
  readonly fallback: Value;
  /** One sentence without its full stop. */
  readonly purpose: string;
  /** From TOML's value. */
  readonly read: (raw: unknown) => Value | Refusal;
  /** A variable's text as TOML would have it. */
  readonly fromText: (text: string) => unknown;
  /** The value as TOML. */
  readonly format: (value: Value) => string;
}

export interface Purpose<Value> {
  readonly fallback: Value;
  readonly purpose: string;
}

function sameText(text: string): unknown {
  return text;
}

function asNumber(text: string): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

export function formatList(items: readonly string[]): string {
  return `[${items.map((item) => JSON.stringify(item)).join(", ")}]`;
}

function formatAny(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value);
}

/** Longer ones have no meaning anywhere they are used for. */
const TEXT_LENGTH_MAX = 4096;
const LIST_LENGTH_MAX = 1000;

function textProblem(raw: unknown): string | undefined {
  if (typeof raw !== "string") {
    return `a text is needed, not ${nameOfType(raw)}`;
  }
  if (raw === "" || raw.length > TEXT_LENGTH_MAX) {
    return raw === "" ? "it is empty" : `it is longer than ${TEXT_LENGTH_MAX} characters`;
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what it looks for
  return /[\0-\x1f\x7f]/.test(raw) ? "it has a control character" : undefined;
}

export function readText(raw: unknown): string | Refusal {
  const problem = textProblem(raw);
  return problem === undefined && typeof raw === "string" ? raw : new Refusal(problem ?? "");
}

export function text(options: Purpose<string>): Setting<string> {
  return { ...options, takes: "a text", read: readText, fromText: sameText, format: formatAny };
}

/** An absolute path of a folder; without a value where something else decides. */
export function folder(purpose: string): Setting<string | undefined> {
  const read = (raw: unknown): string | Refusal => {
    const path = readText(raw);
    return path instanceof Refusal ? path : checkAbsolute(path);
  };
  const takes = "an absolute path";
  return { takes, fallback: undefined, purpose, read, fromText: sameText, format: formatAny };
}

function checkAbsolute(path: string): string | Refusal {
  return path.startsWith("/") ? path : new Refusal(`${JSON.stringify(path)} is no absolute path`);
}

export function choice<Name extends string>(
  names: readonly [Name, ...Name[]],
  options: Purpose<Name>,
): Setting<Name> {
  const listed = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return {
    ...options,
    takes: listed,
    read: (raw) => {
      const found = names.find((name) => name === raw);
      return found ?? new Refusal(`${formatRaw(raw)} is not ${listed}`);
    },
    fromText: sameText,
    format: formatAny,
  };
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

export function integer({ min, max }: Range, options: Purpose<number>): Setting<number> {
  const takes = `a whole number from ${min} to ${max}`;
  return {
    ...options,
    takes,
    read: (raw) => {
      const isRight =
        typeof raw === "number" && Number.isSafeInteger(raw) && raw >= min && raw <= max;
      return isRight ? raw : new Refusal(`${formatRaw(raw)} is not ${takes}`);
    },
    fromText: asNumber,
    format: String,
  };
}

const SIZE_UNITS = ["", "KiB", "MiB", "GiB", "TiB"] as const;

/** In bytes. */
export function size({
  most = Number.MAX_SAFE_INTEGER,
  ...options
}: Purpose<number> & { readonly most?: number }): Setting<number> {
  const takes = 'a size: "512MiB", "20GiB", or a number of bytes';
  return {
    ...options,
    takes: most === Number.MAX_SAFE_INTEGER ? takes : `${takes}, at most ${formatSize(most)}`,
    read: (raw) => {
      const bytes = readSize(raw);
      return typeof bytes === "number" && bytes > most
        ? new Refusal(`${formatRaw(raw)} is more than ${formatSize(most)}`)
        : bytes;
    },
    fromText: asNumber,
    format: formatSize,
  };
}

function readSize(raw: unknown): number | Refusal {
  const match = typeof raw === "string" ? /^(\d{1,15})\s?(?:([KMGT])i?B?|B)?$/i.exec(raw) : null;
  const power = "KMGT".indexOf((match?.[2] ?? " ").toUpperCase()) + 1;
  const value = match === null ? raw : Number(match[1]) * 1024 ** power;
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0
    ? value
    : new Refusal(`${formatRaw(raw)} is no size: write "512MiB" or a number of bytes`);
}

function formatSize(bytes: number): string {
  const fitting = SIZE_UNITS.findLastIndex((_, power) => bytes % 1024 ** power === 0);
  return fitting <= 0
    ? String(bytes)
    : JSON.stringify(`${bytes / 1024 ** fitting}${SIZE_UNITS[fitting]}`);
}

const UNITS_IN_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const DURATION_MS_MAX = 24 * UNITS_IN_MS.h;

/** In milliseconds. */
export function duration(options: Purpose<number>): Setting<number> {
  return {
    ...options,
    takes: 'a time: "500ms", "30s", "5m"',
    read: readDuration,
    fromText: sameText,
    format: formatDuration,
  };
}

function readDuration(raw: unknown): number | Refusal {
  const match = typeof raw === "string" ? /^(\d{1,9})(ms|s|m|h)$/.exec(raw) : null;
  const unit = durationUnits().find(([name]) => name === match?.[2]);
  const value = Number(match?.[1]) * (unit?.[1] ?? Number.NaN);
  return value > 0 && value <= DURATION_MS_MAX
    ? value
    : new Refusal(`${formatRaw(raw)} is no time between 1ms and 24h: write "30s"`);
}

function formatDuration(ms: number): string {
  const [name, factor] = durationUnits().findLast(([, each]) => ms % each === 0) ?? ["ms", 1];
  return JSON.stringify(`${ms / factor}${name}`);
}

function durationUnits(): [string, number][] {
  return Object.entries(UNITS_IN_MS);
}

/** Of texts; a variable separates them by commas. */
export function list(
  options: Purpose<readonly string[]> & { readonly of: "names" | "folders" },
): Setting<readonly string[]> {
  const readEach = (raw: unknown): string | Refusal => {
    const item = readText(raw);
    return item instanceof Refusal || options.of === "names" ? item : checkAbsolute(item);
  };
  return {
    fallback: options.fallback,
    purpose: options.purpose,
    takes: options.of === "names" ? "a list of texts" : "a list of absolute paths",
    read: (raw) => readList(raw, readEach),
    fromText: (joined) => joined.split(",").map((item) => item.trim()),
    format: formatList,
  };
}

export function readList(
  raw: unknown,
  readEach: (raw: unknown) => string | Refusal,
): readonly string[] | Refusal {
  if (!Array.isArray(raw) || raw.length > LIST_LENGTH_MAX) {
    return new Refusal(`a list of at most ${LIST_LENGTH_MAX} texts is needed`);
  }
  const items: string[] = [];
  for (const [index, each] of raw.entries()) {
    const item = readEach(each);
    if (item instanceof Refusal) {
      return new Refusal(`entry ${index + 1}: ${item.reason}`);
    }
    items.push(item);
  }
  return items;
}

/** A wrong value in an error's text, not longer than a line. */
function formatRaw(raw: unknown): string {
  const isShown = typeof raw === "string" || typeof raw === "number" || typeof raw === "boolean";
  return isShown ? JSON.stringify(raw).slice(0, 80) : nameOfType(raw);
}

export function nameOfType(raw: unknown): string {
  if (Array.isArray(raw)) {
    return "a list";
  }
  return typeof raw === "object" ? "a table" : `a ${typeof raw}`;
}
