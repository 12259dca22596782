// Malformed configurations by the hundred. Whatever is done to a valid one, the parser answers with
// a configuration or with its own error, which names a place. The seed makes each run the same;
// OCICAT_FUZZ_SEED sets another one.

import { expect, test } from "bun:test";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { encodeDocument } from "../../src/oci/encode.ts";
import { decodeRuntimeConfig, parseRuntimeConfig } from "../../src/oci/parse/config.ts";
import { EVERY_PROPERTY } from "../../src/oci/parse/every-property.fixture.ts";

const SEED = Number(process.env["OCICAT_FUZZ_SEED"] ?? 1);
const TEXT = encodeDocument(EVERY_PROPERTY);

/** Mulberry32: small, and the same everywhere. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % limit;
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

type Container = Record<string, unknown>;

/** Where in the document something is: its container and its key there. */
interface Place {
  readonly container: Container;
  readonly key: string;
}

function placesOf(value: unknown, places: Place[] = []): readonly Place[] {
  if (typeof value === "object" && value !== null) {
    for (const key of Object.keys(value)) {
      places.push({ container: value as Container, key });
      placesOf((value as Container)[key], places);
    }
  }
  return places;
}

function numberPlacesOf(root: Container): readonly Place[] {
  return placesOf(root).filter(({ container, key }) => typeof container[key] === "number");
}

const NESTED: unknown = JSON.parse(`${'{"a":['.repeat(500)}${"]}".repeat(500)}`);

const STRANGE_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  2 ** 53,
  2n ** 64n,
  -(2n ** 70n),
  "",
  "\0",
  "/a\0b",
  "../../../etc",
  "NO_SUCH_NAME",
  "1e999",
  "x".repeat(5000),
  "\ud800",
  "constructor",
  [],
  [null],
  [[[]]],
  [{}],
  {},
  { "": "" },
];

type Mutation = (root: Container, random: Random) => void;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  replace(root, random) {
    const { container, key } = random.of(placesOf(root));
    container[key] = structuredClone(random.of(STRANGE_VALUES));
  },
  remove(root, random) {
    const { container, key } = random.of(placesOf(root));
    Reflect.deleteProperty(container, key);
  },
  exchange(root, random) {
    const places = placesOf(root);
    const one = random.of(places);
    const other = random.of(places);
    const value = structuredClone(one.container[one.key]);
    one.container[one.key] = structuredClone(other.container[other.key]);
    other.container[other.key] = value;
  },
  repeat(root, random) {
    const lists = placesOf(root).flatMap(({ container, key }) => {
      const value = container[key];
      return Array.isArray(value) ? [value as unknown[]] : [];
    });
    const list = random.of(lists);
    list.push(structuredClone(list[0]));
  },
  rename(root, random) {
    const { container, key } = random.of(placesOf(root));
    container[`${key}\0`] = container[key];
    Reflect.deleteProperty(container, key);
  },
  negate(root, random) {
    const { container, key } = random.of(numberPlacesOf(root));
    container[key] = -Number(container[key]) - random.below(3);
  },
  enlarge(root, random) {
    const { container, key } = random.of(numberPlacesOf(root));
    container[key] = Number(container[key]) * 2 ** random.below(80) + 1;
  },
};

/** What the parser makes of a text. Anything but a configuration or the parser's error throws. */
function verdict(text: string): "accepted" | "refused" {
  try {
    const spec = decodeRuntimeConfig(text);
    // What is accepted once is accepted for ever, and unchanged.
    expect(parseRuntimeConfig(spec)).toBe(spec);
    return "accepted";
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    expect(error.code).toBe("invalid-config");
    expect(error.faults.length).toBeGreaterThan(0);
    const isWithoutPlace = error.faults.some(({ path }) => path === "");
    expect(isWithoutPlace && error.faults.length > 1).toBeFalse();
    expect(error.faults.some(({ reason }) => reason === "")).toBeFalse();
    return "refused";
  }
}

function mutated(mutations: readonly Mutation[], times: number, random: Random): string {
  const root = structuredClone(EVERY_PROPERTY) as unknown as Container;
  for (let time = 0; time < times; time += 1) {
    random.of(mutations)(root, random);
  }
  return encodeDocument(root);
}

test.each(Object.entries(MUTATIONS))("500 configurations: %s", (_name, mutation) => {
  const random = new Random(SEED);
  const count = { accepted: 0, refused: 0 };
  for (let round = 0; round < 500; round += 1) {
    count[verdict(mutated([mutation], 1 + random.below(4), random))] += 1;
  }
  expect(count.refused).toBeGreaterThan(100);
});

test("500 configurations: all of it", () => {
  const random = new Random(SEED);
  const mutations = Object.values(MUTATIONS);
  const count = { accepted: 0, refused: 0 };
  for (let round = 0; round < 500; round += 1) {
    count[verdict(mutated(mutations, 1 + random.below(20), random))] += 1;
  }
  expect(count.refused).toBeGreaterThan(400);
});

test("every property of the wrong kind, one after the other", () => {
  const accepted: string[] = [];
  const count = placesOf(EVERY_PROPERTY).length;
  for (const value of [17, "NO_SUCH_NAME", true, NESTED]) {
    for (let index = 0; index < count; index += 1) {
      const root = structuredClone(EVERY_PROPERTY) as unknown as Container;
      const place = placesOf(root)[index];
      if (place === undefined || kindOf(place.container[place.key]) === kindOf(value)) {
        continue;
      }
      place.container[place.key] = value;
      if (verdict(encodeDocument(root)) === "accepted") {
        accepted.push(`${place.key} = ${typeof value}`);
      }
    }
  }
  // Only what the parser passes on unread: the virtual machine, and its parts.
  const opaque = new Set(["vm", ...placesOf(EVERY_PROPERTY.vm).map(({ key }) => key)]);
  expect(accepted.filter((entry) => !opaque.has(entry.split(" ")[0] ?? ""))).toEqual([]);
});

function kindOf(value: unknown): string {
  return typeof value === "bigint" ? "number" : typeof value;
}

test("a text cut off anywhere is refused", () => {
  const accepted: number[] = [];
  for (let length = 0; length < TEXT.length; length += 7) {
    if (verdict(TEXT.slice(0, length)) === "accepted") {
      accepted.push(length);
    }
  }
  expect(accepted).toEqual([]);
});

test("1000 texts with some characters exchanged", () => {
  const random = new Random(SEED);
  const characters = [...'{}[],:"\\0 9-.eE\u0001/nft'];
  const count = { accepted: 0, refused: 0 };
  for (let round = 0; round < 1000; round += 1) {
    const text = [...TEXT];
    for (let times = random.below(4); times >= 0; times -= 1) {
      text[random.below(text.length)] = random.of(characters);
    }
    count[verdict(text.join(""))] += 1;
  }
  expect(count.refused).toBeGreaterThan(500);
});

test("nesting without end", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const withProperty = (name: string): string =>
    `{"ociVersion": "1.0.0", "root": {"path": "/"}, "${name}": ${deep}}`;
  for (const name of ["process", "linux", "vm", "annotations", "hooks", "mounts"]) {
    expect(verdict(withProperty(name))).toBe("refused");
  }
  // The specification has unknown properties ignored, however they look.
  expect(verdict(withProperty("unknown"))).toBe("accepted");
});

test("names of JavaScript's own objects are data", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]) {
    const text = `{
      "ociVersion": "1.0.0", "root": {"path": "/"}, "${name}": {"process": 1},
      "annotations": {"${name}": "x"},
      "linux": {"resources": {"rdma": {"${name}": {"hcaHandles": 1}}}}
    }`;
    expect(verdict(text)).toBe("accepted");
    expect(Object.keys(decodeRuntimeConfig(text).annotations ?? {})).toEqual([name]);
    expect(verdict(text.replace('"x"', "1").replace('"hcaHandles"', '"other"'))).toBe("refused");
  }
});
