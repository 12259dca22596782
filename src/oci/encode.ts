// Writes documents of the runtime specification. JSON.stringify cannot: it throws at a bigint.

/** JSON text, indented by tabs as runc does, without an end of line. */
export function encodeDocument(document: unknown, indent = "\t"): string {
  try {
    return JSON.stringify(document, undefined, indent);
  } catch (error) {
    // Few documents have a bigint. For one of a container, writeBigint would be called a thousand times.
    if (!(error instanceof TypeError)) {
      throw error;
    }
    return JSON.stringify(document, writeBigint, indent);
  }
}

function writeBigint(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJson(value) : value;
}

/** ECMAScript's JSON.rawJSON, which TypeScript does not declare yet. */
function rawJson(value: bigint): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(value.toString());
}
