// JSON of files that can be made again, or whose loss does no harm.

/** Undefined for what is none: a file that a power cut has torn, say. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
