// Reads back what encodeXattrs (xattrs.ts, which draws the format) has made.

const HEADER_BYTES = 12;
const ENTRY_HEADER_BYTES = 4;

const PREFIXES: Readonly<Record<number, string>> = {
  1: "user.",
  2: "system.posix_acl_access",
  3: "system.posix_acl_default",
  4: "trusted.",
  6: "security.",
};

const NONE: ReadonlyMap<string, Uint8Array> = new Map();

/** By name, a byte string. */
export function decodeXattrs(encoded: Uint8Array | undefined): ReadonlyMap<string, Uint8Array> {
  if (encoded === undefined) {
    return NONE;
  }
  const xattrs = new Map<string, Uint8Array>();
  const body = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
  for (let at = HEADER_BYTES; at + ENTRY_HEADER_BYTES <= body.length; ) {
    const nameEnd = at + ENTRY_HEADER_BYTES + body.readUInt8(at);
    const valueEnd = nameEnd + body.readUInt16LE(at + 2);
    const prefix = PREFIXES[body.readUInt8(at + 1)] ?? "";
    const name = prefix + body.toString("latin1", at + ENTRY_HEADER_BYTES, nameEnd);
    xattrs.set(name, body.subarray(nameEnd, valueEnd));
    at = valueEnd + ((4 - (valueEnd % 4)) % 4);
  }
  return xattrs;
}
