// JSON of files that a power cut may have torn.

/** An object that we write ourselves: it is as we wrote it. Undefined for what is no object. */
export function parseOwn<Value extends object>(text: string): Value | undefined {
  try {
    const value: Value | null = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
