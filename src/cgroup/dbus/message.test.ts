import { describe, expect, test } from "bun:test";
import { OcicatError } from "../../error/ocicat-error.ts";
import { decodeMessage, encodeMessage, type Message, messageLength } from "./message.ts";
import { splitSignature } from "./values.ts";

const START_UNIT: Message = {
  type: "call",
  serial: 3,
  destination: "org.freedesktop.systemd1",
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
  member: "StartTransientUnit",
  signature: "ssa(sv)a(sa(sv))",
  body: [
    "ocicat-a.scope",
    "replace",
    [
      ["Description", { signature: "s", value: "ünïcode" }],
      ["PIDs", { signature: "au", value: [4_000_000_000] }],
      ["Delegate", { signature: "b", value: true }],
      ["MemoryMax", { signature: "t", value: Number.POSITIVE_INFINITY }],
      ["TasksMax", { signature: "t", value: 2 ** 40 + 5 }],
      ["DeviceAllow", { signature: "a(ss)", value: [["/dev/char/1:3", "rwm"]] }],
      ["AllowedCPUs", { signature: "ay", value: [1, 255] }],
    ],
    [],
  ],
};

const EVERY_TYPE: Message = {
  type: "signal",
  serial: 0xffff_ffff,
  path: "/",
  interface: "a.b",
  member: "C",
  signature: "ybnqiuxtdsogva{sv}(yt)aay",
  body: [
    255,
    false,
    -32768,
    65535,
    -5,
    5,
    -(2 ** 40),
    2 ** 53,
    1.5,
    "text",
    "/o/p",
    "a(sv)",
    { signature: "(is)", value: [-1, ""] },
    [["key", { signature: "v", value: { signature: "y", value: 1 } }]],
    [7, 8],
    [[1, 2], []],
  ],
};

test("what is written is read again", () => {
  for (const message of [START_UNIT, EVERY_TYPE]) {
    const encoded = encodeMessage(message);
    expect(messageLength(encoded)).toBe(encoded.length);
    expect(decodeMessage(encoded)).toEqual(message);
  }
});

test("a Hello has the bytes that every D-Bus library writes", () => {
  const encoded = encodeMessage({
    type: "call",
    serial: 1,
    path: "/org/freedesktop/DBus",
    interface: "org.freedesktop.DBus",
    member: "Hello",
    destination: "org.freedesktop.DBus",
    body: [],
  });
  expect(encoded.toHex()).toBe(
    [
      "6c01000100000000010000006d000000",
      `01016f0015000000${Buffer.from("/org/freedesktop/DBus\0").toString("hex")}0000`,
      `0201730014000000${Buffer.from("org.freedesktop.DBus\0").toString("hex")}000000`,
      `0301730005000000${Buffer.from("Hello\0").toString("hex")}0000`,
      `0601730014000000${Buffer.from("org.freedesktop.DBus\0").toString("hex")}000000`,
    ].join(""),
  );
});

test("a message cut at any byte is refused with a typed error", () => {
  const encoded = encodeMessage(EVERY_TYPE);
  for (let length = 0; length < encoded.length; length += 1) {
    expect(() => decodeMessage(encoded.slice(0, length))).toThrow(OcicatError);
  }
  const longer = new Uint8Array(encoded.length + 1);
  longer.set(encoded);
  expect(() => decodeMessage(longer)).toThrow("its length is not what its header says");
});

/** A small generator with a fixed seed, so that a failure can be repeated. */
function randomBytes(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return state >> 16;
  };
}

test("random bytes are refused or read, nothing else", () => {
  const next = randomBytes(42);
  let refused = 0;
  for (let round = 0; round < 20_000; round += 1) {
    const encoded = encodeMessage(round % 2 === 0 ? START_UNIT : EVERY_TYPE);
    for (let change = 0; change < 1 + (next() % 4); change += 1) {
      encoded[next() % encoded.length] = next() & 0xff;
    }
    try {
      decodeMessage(encoded);
    } catch (error) {
      expect(error).toBeInstanceOf(OcicatError);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(1000);
});

test("a length beyond the bound is refused before anything is read", () => {
  const encoded = encodeMessage(START_UNIT);
  new DataView(encoded.buffer).setUint32(4, 0x7fff_ffff, true);
  expect(() => messageLength(encoded)).toThrow("longer than");
});

describe("signatures", () => {
  test("are split into complete types", () => {
    expect(splitSignature("sa(sv)a{sv}aayu")).toEqual(["s", "a(sv)", "a{sv}", "aay", "u"]);
    expect(splitSignature("")).toEqual([]);
  });

  test("that are wrong are refused", () => {
    for (const wrong of [
      "a",
      "(",
      "(s",
      "()",
      "a(sv",
      "z",
      "{sv",
      "a".repeat(200),
      "s".repeat(256),
    ]) {
      expect(() => splitSignature(wrong)).toThrow(OcicatError);
    }
  });
});

test("a value that does not fit its type is an internal error", () => {
  const call = { type: "call", serial: 1, path: "/" } as const;
  const wrong = [
    { signature: "s", body: [1] },
    { signature: "u", body: ["text"] },
    { signature: "as", body: ["text"] },
    { signature: "v", body: [["a"]] },
    { signature: "ss", body: ["one"] },
  ];
  for (const fields of wrong) {
    expect(() => encodeMessage({ ...call, ...fields })).toThrow("does not fit its type");
  }
});
