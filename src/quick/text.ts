// TextEncoder and TextDecoder, as far as this program uses them.

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
/** UTF-8 takes no more for one unit of UTF-16. */
const MOST_BYTES = 3;
const REPLACEMENT = "\ufffd";

export class Utf8Encoder {
  readonly encoding = "utf-8";

  encode(text = ""): Uint8Array<ArrayBuffer> {
    const room = new Uint8Array(new ArrayBuffer(text.length * MOST_BYTES));
    return room.slice(0, native.encode(text.toWellFormed(), room));
  }

  /** As much as there is room for, in whole characters. */
  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    const written = native.encode(text.toWellFormed(), into);
    return written < 0 ? encodePart(text, into) : { read: text.length, written };
  }
}

function encodePart(text: string, into: Uint8Array): { read: number; written: number } {
  let read = 0;
  let written = 0;
  for (const character of text) {
    const more = native.encode(character.toWellFormed(), into.subarray(written));
    if (more < 0) {
      break;
    }
    read += character.length;
    written += more;
  }
  return { read, written };
}

export class Decoder {
  readonly #isLatin1: boolean;

  constructor(label = "utf-8", options: { readonly fatal?: boolean } = {}) {
    this.#isLatin1 = label === "latin1";
    if (options.fatal === true || !(this.#isLatin1 || label === "utf-8")) {
      throw new RangeError(`the quick program has no decoder for ${label}`);
    }
  }

  decode(bytes: Uint8Array = new Uint8Array(0)): string {
    if (this.#isLatin1) {
      return String.fromCharCode(...bytes);
    }
    const hasMark = BYTE_ORDER_MARK.every((byte, index) => bytes[index] === byte);
    const content = hasMark ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
    const text = native.decode(content);
    const isDoubtful = text.includes(REPLACEMENT) || !text.isWellFormed();
    return isDoubtful ? decodeBroken(content) : text;
  }
}

/** As the WHATWG's Encoding standard has it: one replacement for the longest beginning of a character. */
function decodeBroken(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const { length, code } = characterAt(bytes, at);
    text += code === undefined ? REPLACEMENT : String.fromCodePoint(code);
    at += length;
  }
  return text;
}

interface Character {
  readonly length: number;
  /** Undefined: it is broken. */
  readonly code: number | undefined;
}

function characterAt(bytes: Uint8Array, at: number): Character {
  const first = bytes[at] ?? 0;
  const form = FORMS.find(({ least, most }) => first >= least && first <= most);
  if (form === undefined) {
    return { length: 1, code: first < 0x80 ? first : undefined };
  }
  let code = first & form.bits;
  for (let index = 1; index <= form.more; index++) {
    const next = bytes[at + index] ?? 0;
    const [least, most] = index === 1 ? form.second : CONTINUATION;
    if (next < least || next > most) {
      return { length: index, code: undefined };
    }
    code = code * 0x40 + (next & 0x3f);
  }
  return { length: 1 + form.more, code };
}

const CONTINUATION = [0x80, 0xbf] as const;

/** Characters by their first byte: its bits, how many bytes more, and what the second may be. */
const FORMS = [
  { least: 0xc2, most: 0xdf, bits: 0x1f, more: 1, second: CONTINUATION },
  { least: 0xe0, most: 0xe0, bits: 0x0f, more: 2, second: [0xa0, 0xbf] },
  { least: 0xed, most: 0xed, bits: 0x0f, more: 2, second: [0x80, 0x9f] },
  { least: 0xe1, most: 0xef, bits: 0x0f, more: 2, second: CONTINUATION },
  { least: 0xf0, most: 0xf0, bits: 0x07, more: 3, second: [0x90, 0xbf] },
  { least: 0xf1, most: 0xf3, bits: 0x07, more: 3, second: CONTINUATION },
  { least: 0xf4, most: 0xf4, bits: 0x07, more: 3, second: [0x80, 0x8f] },
] as const;
