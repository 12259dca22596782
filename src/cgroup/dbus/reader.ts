// Reading D-Bus values, every length checked: see values.ts for their layout.

import { decodeText } from "../../sys/memory.ts";
import {
  alignmentOf,
  type DBusValue,
  DEEPEST_NESTING,
  malformed,
  memberTypes,
  NUMBERS,
  splitSignature,
  type Variant,
} from "./values.ts";

/** Reads values from a whole message; positions count from where it begins. */
export class ValueReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
  }

  get position(): number {
    return this.#at;
  }

  align(alignment: number): void {
    const end = Math.ceil(this.#at / alignment) * alignment;
    const padding = this.#take(end - this.#at);
    if (padding.some((byte) => byte !== 0)) {
      throw malformed("padding is not zero");
    }
  }

  #take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) {
      throw malformed("it ends too early");
    }
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  #number(code: string): number {
    const codec = NUMBERS[code];
    if (codec === undefined) {
      throw malformed(`it has a value of the type ${JSON.stringify(code)}`);
    }
    this.align(codec.size);
    const start = this.#at;
    this.#take(codec.size);
    return codec.get(this.#view, start);
  }

  #text(lengthCode: "u" | "y"): string {
    const text = this.#take(this.#number(lengthCode));
    if (this.#take(1)[0] !== 0 || text.includes(0)) {
      throw malformed("a text does not end where it should");
    }
    return decodeText(text);
  }

  read(type: string, depth = 0): DBusValue {
    if (depth > DEEPEST_NESTING) {
      throw malformed("it is nested too deeply");
    }
    switch (type[0]) {
      case "s":
      case "o":
        return this.#text("u");
      case "g":
        return this.#text("y");
      case "b":
        return this.#boolean();
      case "v":
        return this.#variant(depth);
      case "a":
        return this.#array(type.slice(1), depth);
      case "(":
      case "{":
        this.align(8);
        return memberTypes(type).map((member) => this.read(member, depth + 1));
      default:
        return this.#number(type);
    }
  }

  #boolean(): boolean {
    const value = this.#number("u");
    if (value > 1) {
      throw malformed("a boolean is neither 0 nor 1");
    }
    return value === 1;
  }

  #variant(depth: number): Variant {
    const signature = this.#text("y");
    if (splitSignature(signature).length !== 1) {
      throw malformed("a variant has not one type");
    }
    return { signature, value: this.read(signature, depth + 1) };
  }

  #array(itemType: string, depth: number): DBusValue[] {
    const length = this.#number("u");
    this.align(alignmentOf(itemType));
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      throw malformed("an array is longer than the message");
    }
    const items: DBusValue[] = [];
    while (this.#at < end) {
      items.push(this.read(itemType, depth + 1));
    }
    if (this.#at !== end) {
      throw malformed("an array's items do not fill it");
    }
    return items;
  }
}
