// Executed before anything else of the quick program, when it is made: what TypeScript here takes from Bun and
// from the web's standards beyond the language, for an engine that has the language alone.
// tools/quick-bundle.ts lets nothing into the program that takes more.
//
// What this imports is in a chunk with it, and must not lead to modules that use what it makes: hence system
// calls by numbers of its own, here and in event-loop.ts.

import { compiledProgram } from "./compiled-program.ts";
import { EventLoop } from "./event-loop.ts";
import { Sha256 } from "./sha256.ts";
import { Decoder, Utf8Encoder } from "./text.ts";

const GETRANDOM = { x64: 318, arm64: 278 };
const GETPID = { x64: 39, arm64: 172 };
/** Its zero is when the program was made. */
const engineClock = performance;
const loop = new EventLoop();

function fillRandomly<Buffer extends NodeJS.TypedArray>(buffer: Buffer): Buffer {
  const { architecture } = native;
  const at = native.address(buffer);
  const filled = native.syscall(GETRANDOM[architecture], at, buffer.byteLength, 0, 0, 0, 0);
  // Up to 256 bytes come at once and whole.
  if (filled !== buffer.byteLength) {
    throw new Error(`take random numbers from the kernel: ${filled}`);
  }
  return buffer;
}

/** RFC 9562, version 4. */
function randomUUID(): string {
  const bytes = fillRandomly(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** In its order. The first of two with one name counts, as for getenv. */
function environment(): Record<string, string> {
  const variables = new Map<string, string>();
  for (const entry of native.environment) {
    const end = entry.indexOf("=");
    const name = entry.slice(0, end);
    if (end > 0 && !variables.has(name)) {
      variables.set(name, entry.slice(end + 1));
    }
  }
  return Object.fromEntries(variables);
}

Object.assign(globalThis, {
  TextEncoder: Utf8Encoder,
  TextDecoder: Decoder,
  crypto: { getRandomValues: fillRandomly, randomUUID },
  setTimeout: (callback: () => void, delayMs?: number) => loop.startTimer(callback, delayMs),
  setImmediate: (callback: () => void) => loop.startTimer(callback),
  clearTimeout: (timer?: number) => loop.stopTimer(timer),
  clearImmediate: (timer?: number) => loop.stopTimer(timer),
  process: {
    argv0: "",
    argv: [],
    execArgv: [],
    execPath: "",
    env: {},
    arch: native.architecture,
    get pid() {
      return native.syscall(GETPID[native.architecture], 0, 0, 0, 0, 0, 0);
    },
  },
  Bun: {
    // Where it would be in the compiled program.
    main: "/$bunfs/root/ocicat.bin",
    nanoseconds: () => performance.now() * 1e6,
    // Nobody asks who is part of an installation.
    which: () => null,
    sleep: (delayMs: number) => loop.sleep(delayMs),
    CryptoHasher: Sha256,
    SHA256: { hash: (text: string) => new Sha256("sha256").update(text).digest("hex") },
  },
});
native.watch = (fd, events, callback) => loop.watch(fd, events, callback);
native.goOn = () => loop.goOn();

/** What differs from command to command. */
export function beginGlobals(): void {
  const [name = "ocicat", ...words] = native.words;
  const started = engineClock.now();
  Object.assign(process, {
    argv0: name,
    argv: [name, name, ...words],
    execPath: compiledProgram(),
    env: environment(),
  });
  Object.assign(globalThis, { performance: { now: () => engineClock.now() - started } });
}
