// D-Bus messages: those few that systemd and its clients exchange (D-Bus Specification, "Message
// Protocol"). The whole protocol is here and in the values of reader.ts and writer.ts.
//
//    0     1      2       3         4             8        12
//   +-----+------+-------+---------+-------------+--------+---------------+
//   | 'l' | type | flags | version | body length | serial | fields length |   little-endian
//   +-----+------+-------+---------+-------------+--------+---------------+
//   | fields: (byte code, variant) each, padding to 8                     |
//   +---------------------------------------------------------------------+
//   | body: values of the types in the field "signature"                  |
//   +---------------------------------------------------------------------+

import { ValueReader } from "./reader.ts";
import { type DBusValue, malformed, splitSignature, type Variant } from "./values.ts";
import { ValueWriter } from "./writer.ts";

export const MESSAGE_PREFIX_BYTES = 16;
/** The specification allows 128 MiB; nothing that systemd says to us comes near this. */
const LONGEST_MESSAGE = 1024 * 1024;
const LITTLE_ENDIAN = 0x6c;
const PROTOCOL_VERSION = 1;
const BODY_ALIGNMENT = 8;

export type MessageType = "call" | "return" | "error" | "signal";

const TYPE_CODES: Readonly<Record<MessageType, number>> = {
  call: 1,
  return: 2,
  error: 3,
  signal: 4,
};

export interface MessageFields {
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  /** The serial of the call that this answers. */
  readonly replySerial?: number;
  readonly destination?: string;
  readonly sender?: string;
  readonly signature?: string;
}

export interface Message extends MessageFields {
  readonly type: MessageType;
  /** Never 0. */
  readonly serial: number;
  /** One value for each type of `signature`. */
  readonly body: readonly DBusValue[];
}

/** Header fields: their codes and types. Unknown ones are ignored, as the specification demands. */
const FIELDS: readonly (readonly [name: keyof MessageFields, code: number, type: string])[] = [
  ["path", 1, "o"],
  ["interface", 2, "s"],
  ["member", 3, "s"],
  ["errorName", 4, "s"],
  ["replySerial", 5, "u"],
  ["destination", 6, "s"],
  ["sender", 7, "s"],
  ["signature", 8, "g"],
];

export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  const writer = new ValueWriter();
  const fields = FIELDS.flatMap(([name, code, signature]) => {
    const value = message[name];
    return value === undefined || value === "" ? [] : [[code, { signature, value }]];
  });
  const start = [LITTLE_ENDIAN, TYPE_CODES[message.type], 0, PROTOCOL_VERSION];
  writer.writeAll([..."yyyyuu", "a(yv)"], [...start, 0, message.serial, fields]);
  writer.align(BODY_ALIGNMENT);
  const bodyStart = writer.length;
  writer.writeAll(splitSignature(message.signature ?? ""), message.body);
  const encoded = writer.bytes();
  new DataView(encoded.buffer).setUint32(4, encoded.length - bodyStart, true);
  return encoded;
}

/** How many bytes the message has that begins with these: at least MESSAGE_PREFIX_BYTES. */
export function messageLength(prefix: Uint8Array): number {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (view.getUint8(0) !== LITTLE_ENDIAN || view.getUint8(3) !== PROTOCOL_VERSION) {
    throw malformed("it is not a little-endian message of protocol version 1");
  }
  const fieldsEnd = MESSAGE_PREFIX_BYTES + view.getUint32(12, true);
  const bodyStart = Math.ceil(fieldsEnd / BODY_ALIGNMENT) * BODY_ALIGNMENT;
  const length = bodyStart + view.getUint32(4, true);
  if (length > LONGEST_MESSAGE) {
    throw malformed(`it is longer than ${LONGEST_MESSAGE} bytes`);
  }
  return length;
}

/** Of one whole message, without bytes after it. */
export function decodeMessage(encoded: Uint8Array): Message {
  if (encoded.length < MESSAGE_PREFIX_BYTES || messageLength(encoded) !== encoded.length) {
    throw malformed("its length is not what its header says");
  }
  const type = typeFromCode(encoded[1] ?? 0);
  const reader = new ValueReader(encoded, 8);
  const serial = reader.read("u");
  if (typeof serial !== "number" || serial === 0) {
    throw malformed("its serial is 0");
  }
  const fields = readFields(reader.read("a(yv)"));
  reader.align(BODY_ALIGNMENT);
  const body = splitSignature(fields.signature ?? "").map((bodyType) => reader.read(bodyType));
  if (reader.position !== encoded.length) {
    throw malformed("there are bytes after its body");
  }
  return { type, serial, ...fields, body };
}

function typeFromCode(code: number): MessageType {
  for (const type of ["call", "return", "error", "signal"] as const) {
    if (TYPE_CODES[type] === code) {
      return type;
    }
  }
  throw malformed(`it has the unknown type ${code}`);
}

function readFields(entries: DBusValue): MessageFields {
  const fields: { -readonly [Name in keyof MessageFields]: MessageFields[Name] } = {};
  for (const [code, field] of structsOf(entries)) {
    const known = FIELDS.find(([, fieldCode]) => fieldCode === code);
    if (known === undefined) {
      continue;
    }
    const [name, , type] = known;
    if (!isVariant(field) || field.signature !== type) {
      throw malformed(`its field "${name}" has the wrong type`);
    }
    if (name === "replySerial") {
      fields[name] = Number(field.value);
    } else {
      fields[name] = String(field.value);
    }
  }
  return fields;
}

function structsOf(value: DBusValue): readonly (readonly DBusValue[])[] {
  return isList(value) ? value.filter(isList) : [];
}

function isList(value: DBusValue): value is readonly DBusValue[] {
  return Array.isArray(value);
}

export function isVariant(value: DBusValue | undefined): value is Variant {
  return typeof value === "object" && "signature" in value;
}
