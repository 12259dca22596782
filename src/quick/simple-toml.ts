// The TOML of which configuration files are made nearly always: tables of one name, and in them texts without
// escapes, whole numbers, truth values, and lists and tables of these on one line.

type Value = string | number | boolean | readonly Value[] | Table;
type Table = Map<string, Value>;

const TABLE = /^\[([A-Za-z0-9_-]+)\][ \t]*(?:#.*)?$/;
const ENTRY = /^([A-Za-z0-9_-]+)[ \t]*=[ \t]*(.*)$/;
const NOTHING = /^(?:#.*)?$/;
/** Control characters, and a backslash in the first, make it another kind of text. */
const TEXT = /^"([^"\\\p{Cc}]*)"|^'([^'\p{Cc}]*)'/u;
const WORD = /^(?:true|false|0|-?[1-9][0-9]{0,14})(?![\w.+:-])/;

/** What it says; undefined where it has anything else in it, or is wrong. */
export function parseSimpleToml(text: string): object | undefined {
  const root: Table = new Map();
  let table = root;
  for (const line of text.split(/\r?\n/)) {
    const statement = skipSpaces(line).replace(/[ \t]+$/, "");
    const [, name] = TABLE.exec(statement) ?? [];
    const entry = ENTRY.exec(statement);
    if (name !== undefined && !root.has(name)) {
      table = new Map();
      root.set(name, table);
    } else if (entry !== null) {
      const [, key = "", rest = ""] = entry;
      const found = parseValue(rest);
      if (found === undefined || !NOTHING.test(found.rest) || table.has(key)) {
        return undefined;
      }
      table.set(key, found.value);
    } else if (!NOTHING.test(statement)) {
      return undefined;
    }
  }
  return asObject(root);
}

/** Those of TOML: others are an error. */
function skipSpaces(text: string): string {
  return text.replace(/^[ \t]+/, "");
}

function asObject(table: Table): object {
  return Object.fromEntries([...table].map(([key, value]) => [key, plain(value)]));
}

function plain(value: Value): unknown {
  if (value instanceof Map) {
    return asObject(value);
  }
  return Array.isArray(value) ? value.map(plain) : value;
}

interface Found {
  readonly value: Value;
  /** What is behind it, without spaces before that. */
  readonly rest: string;
}

function parseValue(text: string): Found | undefined {
  if (text.startsWith("[")) {
    return parseList(skipSpaces(text.slice(1)));
  }
  if (text.startsWith("{")) {
    return parseTable(skipSpaces(text.slice(1)));
  }
  const quoted = TEXT.exec(text);
  if (quoted !== null) {
    return { value: quoted[1] ?? quoted[2] ?? "", rest: skipSpaces(text.slice(quoted[0].length)) };
  }
  const [word] = WORD.exec(text) ?? [];
  if (word === undefined) {
    return undefined;
  }
  const value = word === "true" || word === "false" ? word === "true" : Number(word);
  return { value, rest: skipSpaces(text.slice(word.length)) };
}

function parseList(text: string): Found | undefined {
  const value: Value[] = [];
  let rest = text;
  while (!rest.startsWith("]")) {
    const found = parseValue(rest);
    if (found === undefined || !/^[,\]]/.test(found.rest)) {
      return undefined;
    }
    value.push(found.value);
    rest = found.rest.startsWith(",") ? skipSpaces(found.rest.slice(1)) : found.rest;
  }
  return { value, rest: skipSpaces(rest.slice(1)) };
}

const KEY = /^(?:([A-Za-z0-9_-]+)|"([^"\\\p{Cc}]*)")[ \t]*=[ \t]*/u;

function parseTable(text: string): Found | undefined {
  const value: Table = new Map();
  let rest = text;
  while (!rest.startsWith("}")) {
    const [head = "", bare, quoted = ""] = KEY.exec(rest) ?? [];
    const key = bare ?? quoted;
    const found = head === "" ? undefined : parseValue(rest.slice(head.length));
    // Behind a comma there is another entry.
    const isWhole = found !== undefined && /^(?:\}|,[ \t]*[^} \t])/.test(found.rest);
    if (found === undefined || !isWhole || value.has(key)) {
      return undefined;
    }
    value.set(key, found.value);
    rest = found.rest.startsWith(",") ? skipSpaces(found.rest.slice(1)) : found.rest;
  }
  return { value, rest: skipSpaces(rest.slice(1)) };
}
