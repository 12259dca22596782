// The compression around an archive that a user gives: what image layers may have (gzip, zstd), and the
// two others in which root file systems are handed out, xz and bzip2, by their own programs.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { LayerCompression } from "../../oci/media-types.ts";
import { type Chunks, detectCompression, inflate } from "../layers/inflate.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "../unpack/limits.ts";
import { filter } from "./filter-program.ts";
import { GrowthCheck } from "./growth-check.ts";

export type Wrapping = LayerCompression | "xz" | "bzip2";

export interface Wrapped {
  readonly wrapping: Wrapping;
  /** All of it, from the beginning, once. */
  readonly chunks: Chunks;
}

const MAGIC_BYTES = 6;

/** Reads until it shows how the archive is compressed. */
export async function sniff(source: Chunks): Promise<Wrapped> {
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < MAGIC_BYTES) {
    const next = await iterator.next();
    if (next.done === true) {
      break;
    }
    first.push(next.value);
    length += next.value.length;
  }
  const start = Buffer.concat(first.map((chunk) => chunk.subarray(0, MAGIC_BYTES)));
  return { wrapping: detectWrapping(start), chunks: continued(first, iterator) };
}

/** By the first bytes. */
function detectWrapping(start: Buffer): Wrapping {
  if (start.toString("latin1", 0, 6) === "\xfd7zXZ\0") {
    return "xz";
  }
  return /^BZh[1-9]/.test(start.toString("latin1", 0, 4)) ? "bzip2" : detectCompression(start);
}

async function* continued(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

/**
 * Hands every chunk of the archive to `consume`, which may throw. Does not read on after a failure. Throws
 * "exhausted" for an archive that is too large, or absurdly larger than what it comes from.
 */
export async function unwrap(
  { wrapping, chunks }: Wrapped,
  consume: (chunk: Uint8Array) => void,
  limits: UnpackLimits = DEFAULT_UNPACK_LIMITS,
): Promise<void> {
  const growth = new GrowthCheck(limits);
  const counted = countedIn(chunks, growth);
  const take = (chunk: Uint8Array): void => {
    growth.countOut(chunk);
    consume(chunk);
  };
  switch (wrapping) {
    case "xz":
    case "bzip2":
      await unwrapByProgram(wrapping, counted, take);
      break;
    default:
      await inflate({ compression: wrapping, chunks: counted }, take);
  }
}

async function* countedIn(chunks: Chunks, growth: GrowthCheck): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    growth.countIn(chunk);
    yield chunk;
  }
}

async function unwrapByProgram(
  program: "xz" | "bzip2",
  chunks: Chunks,
  consume: (chunk: Uint8Array) => void,
): Promise<void> {
  const path = Bun.which(program);
  if (path === null) {
    throw new OcicatError("unsupported", {
      operation: "decompress",
      subject: `an archive in ${program}`,
      reason: `there is no program ${quote(program)}`,
      hint: `install ${program === "xz" ? "xz-utils" : program}`,
    });
  }
  await filter([path, "-dc"], chunks, {
    operation: "decompress",
    subject: `an archive in ${program}`,
    consume,
  });
}
