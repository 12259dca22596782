// The lines of a text that somebody else has written, one by one: a list of millions of them would take more
// memory than a short command has.

export function* textLines(text: string): Generator<string, void> {
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf("\n", start);
    const end = found < 0 ? text.length : found;
    yield text.slice(start, end);
    start = end + 1;
  }
}
