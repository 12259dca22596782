// Values as Go's templates take them: what counts as true, what is printed, what can be compared.

/** An object whose properties are fields, or keys of a map. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** False, 0, nothing, and what is empty, are not. */
export function isTrue(value: unknown): boolean {
  if (isList(value)) {
    return value.length > 0;
  }
  if (isRecord(value)) {
    return Object.keys(value).length > 0;
  }
  return Boolean(value);
}

/** As fmt's %v: [a b], map[key:value], with the keys sorted. */
export function printValue(value: unknown): string {
  if (value === undefined || value === null) {
    return "<no value>";
  }
  if (isList(value)) {
    return `[${value.map(printInside).join(" ")}]`;
  }
  if (isRecord(value)) {
    const entries = sortedKeys(value).map((key) => `${key}:${printInside(value[key])}`);
    return `map[${entries.join(" ")}]`;
  }
  return typeof value === "number" ? printNumber(value) : String(value);
}

function printInside(value: unknown): string {
  return value === undefined || value === null ? "<nil>" : printValue(value);
}

/** Go writes exponents with two digits at least. */
function printNumber(value: number): string {
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

export function sortedKeys(value: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(value).sort();
}

export function typeName(value: unknown): string {
  if (value === undefined || value === null) {
    return "nothing";
  }
  if (isList(value)) {
    return "a list";
  }
  if (isRecord(value)) {
    return "an object";
  }
  switch (typeof value) {
    case "boolean":
      return "true or false";
    case "number":
      return "a number";
    default:
      return "a text";
  }
}
