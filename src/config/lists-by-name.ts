// The one kind of setting that is a table itself: a list of texts for each name.
//
//   [registry.mirrors]
//   "docker.io" = ["https://one.example", "https://two.example"]
//
// TOML reads a name without quotes, docker.io = [...], as a table in a table; it is meant the same. A
// variable has it as docker.io=https://one.example,https://two.example;ghcr.io=https://three.example

import {
  formatList,
  nameOfType,
  type Purpose,
  Refusal,
  readList,
  readText,
  type Setting,
} from "./setting.ts";

export type ListsByName = Readonly<Record<string, readonly string[]>>;

const NAMES_MAX = 1000;
const DEPTH_MAX = 10;

export function listsByName(options: Purpose<ListsByName>): Setting<ListsByName> {
  return {
    ...options,
    takes: "a table with a list of texts for each name",
    read: (raw) => {
      const entries = readEntries(raw, "", DEPTH_MAX);
      return entries instanceof Refusal ? entries : Object.fromEntries(entries);
    },
    fromText,
    format: formatTable,
  };
}

type Entries = readonly (readonly [name: string, list: readonly string[]])[];

function readEntries(raw: unknown, prefix: string, depth: number): Entries | Refusal {
  if (Array.isArray(raw) && prefix !== "") {
    const list = readList(raw, readText);
    return list instanceof Refusal ? new Refusal(`${prefix}: ${list.reason}`) : [[prefix, list]];
  }
  if (typeof raw !== "object" || raw === null || Array.isArray(raw) || depth === 0) {
    return wrongType(raw, prefix);
  }
  const entries: (readonly [string, readonly string[]])[] = [];
  for (const [name, value] of Object.entries(raw)) {
    const inner = readEntries(value, prefix === "" ? name : `${prefix}.${name}`, depth - 1);
    if (inner instanceof Refusal || entries.length + inner.length > NAMES_MAX) {
      return inner instanceof Refusal ? inner : new Refusal(`more than ${NAMES_MAX} names`);
    }
    entries.push(...inner);
  }
  return entries;
}

function wrongType(raw: unknown, prefix: string): Refusal {
  const found = nameOfType(raw);
  const isEntry = prefix !== "";
  return new Refusal(
    isEntry ? `${prefix}: a list is needed, not ${found}` : `a table is needed, not ${found}`,
  );
}

function fromText(text: string): unknown {
  const entries = text.split(";").map((entry) => {
    const equals = entry.indexOf("=");
    const list = entry.slice(equals + 1).split(",");
    return [entry.slice(0, Math.max(equals, 0)).trim(), list.map((item) => item.trim())] as const;
  });
  return entries.some(([name]) => name === "") ? text : Object.fromEntries(entries);
}

function formatTable(value: ListsByName): string {
  const entries = Object.entries(value);
  return entries.length === 0 ? "{}" : `{ ${entries.map(formatEntry).join(", ")} }`;
}

function formatEntry([name, list]: readonly [string, readonly string[]]): string {
  return `${JSON.stringify(name)} = ${formatList(list)}`;
}
