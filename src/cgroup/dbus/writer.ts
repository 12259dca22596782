// Writing D-Bus values: see values.ts for their layout.

import { OcicatError } from "../../error/ocicat-error.ts";
import { encodeText } from "../../sys/memory.ts";
import {
  alignmentOf,
  type DBusValue,
  memberTypes,
  NUMBERS,
  splitSignature,
  type Variant,
} from "./values.ts";

/** Collects bytes; positions count from where the message begins. */
export class ValueWriter {
  #buffer = new Uint8Array(new ArrayBuffer(1024));
  #length = 0;

  get length(): number {
    return this.#length;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#length);
  }

  align(alignment: number): void {
    this.#reserve(Math.ceil(this.#length / alignment) * alignment - this.#length);
  }

  /** The position of `count` new zero bytes. */
  #reserve(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(new ArrayBuffer(this.#length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return start;
  }

  #number(code: string, value: number): void {
    const codec = NUMBERS[code];
    if (codec === undefined) {
      throw unwritable(code);
    }
    this.align(codec.size);
    const at = this.#reserve(codec.size);
    codec.set(new DataView(this.#buffer.buffer), at, value);
  }

  #text(lengthCode: "u" | "y", text: string): void {
    const encoded = encodeText(text);
    if (encoded.includes(0)) {
      throw unwritable("s");
    }
    this.#number(lengthCode, encoded.length);
    const at = this.#reserve(encoded.length + 1);
    this.#buffer.set(encoded, at);
  }

  write(type: string, value: DBusValue): void {
    const code = type[0] ?? "";
    if (typeof value === "string") {
      if (code !== "s" && code !== "o" && code !== "g") {
        throw unwritable(type);
      }
      this.#text(code === "g" ? "y" : "u", value);
    } else if (typeof value === "boolean") {
      if (code !== "b") {
        throw unwritable(type);
      }
      this.#number("u", value ? 1 : 0);
    } else if (typeof value === "number") {
      this.#number(code, value);
    } else if ("signature" in value) {
      this.#variant(type, value);
    } else {
      this.#sequence(type, value);
    }
  }

  #variant(type: string, { signature, value }: Variant): void {
    if (type !== "v" || splitSignature(signature).length !== 1) {
      throw unwritable(type);
    }
    this.#text("y", signature);
    this.write(signature, value);
  }

  #sequence(type: string, items: readonly DBusValue[]): void {
    if (type.startsWith("a")) {
      this.#array(type.slice(1), items);
      return;
    }
    if (!type.startsWith("(") && !type.startsWith("{")) {
      throw unwritable(type);
    }
    this.align(8);
    this.writeAll(memberTypes(type), items);
  }

  #array(itemType: string, items: readonly DBusValue[]): void {
    this.align(4);
    const lengthAt = this.#reserve(4);
    this.align(alignmentOf(itemType));
    const start = this.#length;
    for (const item of items) {
      this.write(itemType, item);
    }
    new DataView(this.#buffer.buffer).setUint32(lengthAt, this.#length - start, true);
  }

  writeAll(types: readonly string[], values: readonly DBusValue[]): void {
    if (types.length !== values.length) {
      throw unwritable(types.join(""));
    }
    types.forEach((type, index) => {
      const value = values[index];
      if (value !== undefined) {
        this.write(type, value);
      }
    });
  }
}

function unwritable(type: string): OcicatError {
  return new OcicatError("internal", {
    operation: "write",
    subject: "a D-Bus message",
    reason: `the value does not fit its type ${JSON.stringify(type)}`,
  });
}
