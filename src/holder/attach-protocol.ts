// The attach protocol, between a container's holder (native/holder.c) and its clients, over a Unix
// stream socket. A frame, little-endian:
//
//   +---------+-----------+------------+------------------------------+
//   | type u8 | stream u8 | length u16 | payload, 16384 bytes at most |
//   +---------+-----------+------------+------------------------------+
//
//   type            from     stream  payload
//   1 hello         both     0       version u8 | flags u8 | 0 u16
//   2 stdin         client   0       1 byte or more
//   3 close-stdin   client   0       none
//   4 resize        client   0       rows u16 | columns u16
//   5 close-output  client   1, 2    none
//   6 output        holder   1, 2    1 byte or more; stream 1 is stdout or the terminal, 2 stderr
//   7 exit          holder   0       how u8 | status u8 | 0 u16
//   8 reopen-log    client   0       none; the log has been renamed and is to begin anew
//   9 log-reopened  holder   0       errno u8, or 0 | 0 u24; the answer to 8
//   10 settle       holder   0       none; for a settler: all is over, and every lock of the holder free
//   11 settled      client   0       none; a settler's answer
//
// Both sides begin with hello. Its flags: 1 primary (a client asks to be the one that is never
// disconnected for being slow; the holder says whether it is), 2 terminal (the holder says that the
// container has one), 4 supervisor (a client gets no output, and the holder that needs one starts
// another when it goes), 8 settler (a client gets no output, and sees to what comes after the end, which
// the holder does itself where the answer does not come; the holder says whether it leaves that to it).
// A version newer than one's own is answered with one's own, and both speak that.
// Exit: how 0 with a code, 1 with a signal, 2 with what nobody knows. It is the last frame but for a settler.
//
// A frame that is not as drawn ends the connection, on either side. A client that closes its end is
// gone: it cannot close one direction alone.

import { OcicatError } from "../error/ocicat-error.ts";
import { addressOf } from "../sys/entry.ts";
import { bytes } from "../sys/memory.ts";
import type { ExitStatus } from "../sys/process.ts";
import type { TerminalSize } from "../sys/terminal.ts";

export const ATTACH_VERSION = 1;
export const HEAD_BYTES = 4;
export const PAYLOAD_LIMIT = 16384;

const HELLO = 1;
const STDIN = 2;
const CLOSE_STDIN = 3;
const RESIZE = 4;
const CLOSE_OUTPUT = 5;
const OUTPUT = 6;
const EXIT = 7;
const REOPEN_LOG = 8;
const LOG_REOPENED = 9;
const SETTLE = 10;
const SETTLED = 11;

const FLAG_PRIMARY = 1;
const FLAG_TERMINAL = 2;
const FLAG_SUPERVISOR = 4;
const FLAG_SETTLER = 8;
const HOW_CODE = 0;
const HOW_SIGNAL = 1;
const HOW_UNKNOWN = 2;

export const STDOUT = 1;
export const STDERR = 2;
export type OutputStream = typeof STDOUT | typeof STDERR;

export type HolderFrame =
  | {
      readonly type: "hello";
      readonly version: number;
      readonly primary: boolean;
      readonly terminal: boolean;
      readonly settler: boolean;
    }
  | { readonly type: "output"; readonly stream: OutputStream; readonly content: Uint8Array }
  | { readonly type: "exit"; readonly status: ExitStatus | undefined }
  /** `errno`: 0, or why the log could not be opened; EBADF where there is none. */
  | { readonly type: "log-reopened"; readonly errno: number }
  | { readonly type: "settle" };

// ---- what a client says ----

function frame(type: number, stream: number, payload: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const encoded = bytes(HEAD_BYTES + payload.length);
  encoded[0] = type;
  encoded[1] = stream;
  encoded[2] = payload.length & 0xff;
  encoded[3] = payload.length >> 8;
  encoded.set(payload, HEAD_BYTES);
  return encoded;
}

export interface ClientHello {
  readonly primary: boolean;
  readonly supervisor?: boolean;
  readonly settler?: boolean;
}

export function encodeHello({
  primary,
  supervisor = false,
  settler = false,
}: ClientHello): Uint8Array<ArrayBuffer> {
  const role = (supervisor ? FLAG_SUPERVISOR : 0) | (settler ? FLAG_SETTLER : 0);
  const flags = (primary ? FLAG_PRIMARY : 0) | role;
  return frame(HELLO, 0, [ATTACH_VERSION, flags, 0, 0]);
}

/** Input is read into the frame that carries it: nothing is made or copied between a key and its frame. */
export class StdinFrame {
  readonly #frame = bytes(HEAD_BYTES + PAYLOAD_LIMIT);
  readonly payload = this.#frame.subarray(HEAD_BYTES);

  /** Valid as long as this object is referred to. */
  get address(): number {
    return addressOf(this.#frame);
  }

  /** With the first `length` bytes of the payload, at least one. */
  encode(length: number): Uint8Array<ArrayBuffer> {
    this.#frame[0] = STDIN;
    this.#frame[2] = length & 0xff;
    this.#frame[3] = length >> 8;
    return this.#frame.subarray(0, HEAD_BYTES + length);
  }
}

/** `content` has 1 to PAYLOAD_LIMIT bytes. */
export function encodeStdin(content: Uint8Array): Uint8Array<ArrayBuffer> {
  if (content.length === 0 || content.length > PAYLOAD_LIMIT) {
    throw new OcicatError("internal", {
      operation: "send",
      subject: `${content.length} bytes of input`,
      reason: `a frame carries 1 to ${PAYLOAD_LIMIT}`,
    });
  }
  const stdin = new StdinFrame();
  stdin.payload.set(content);
  return stdin.encode(content.length);
}

export function encodeCloseStdin(): Uint8Array<ArrayBuffer> {
  return frame(CLOSE_STDIN, 0, []);
}

export function encodeResize({ rows, columns }: TerminalSize): Uint8Array<ArrayBuffer> {
  return frame(RESIZE, 0, [rows & 0xff, rows >> 8, columns & 0xff, columns >> 8]);
}

/** The container sees what the writer of a pipe sees whose reader has gone. */
export function encodeCloseOutput(stream: OutputStream): Uint8Array<ArrayBuffer> {
  return frame(CLOSE_OUTPUT, stream, []);
}

export function encodeReopenLog(): Uint8Array<ArrayBuffer> {
  return frame(REOPEN_LOG, 0, []);
}

/** A settler's answer to "settle": what comes after the end is done. */
export function encodeSettled(): Uint8Array<ArrayBuffer> {
  return frame(SETTLED, 0, []);
}

// ---- what the holder says ----

/** Takes a stream of bytes apart: receive into `room`, then ask for the frames that are whole. */
export class FrameReader {
  readonly #buffer = bytes(4 * (HEAD_BYTES + PAYLOAD_LIMIT));
  #start = 0;
  #end = 0;

  /** Where the next bytes belong. The content of frames that were read before is gone after this. */
  room(): Uint8Array {
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
      return this.#buffer;
    }
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    return this.#buffer.subarray(this.#end);
  }

  /** Of all that may be put into `room` when there is nothing in it. Valid as long as this object is referred to. */
  get place(): { readonly address: number; readonly size: number } {
    return { address: addressOf(this.#buffer), size: this.#buffer.length };
  }

  /** Somebody else has put bytes there, and taken those before `start`. */
  resume(start: number, end: number): void {
    this.#start = start;
    this.#end = end;
  }

  /** `count` bytes have been put into `room`. */
  received(count: number): void {
    this.#end += count;
  }

  /** The next whole frame. Its content is a view that lives until `room` is called. */
  next(): HolderFrame | undefined {
    const available = this.#end - this.#start;
    if (available < HEAD_BYTES) {
      return undefined;
    }
    const buffer = this.#buffer;
    const start = this.#start;
    const length = (buffer[start + 2] ?? 0) | ((buffer[start + 3] ?? 0) << 8);
    if (length > PAYLOAD_LIMIT) {
      throw malformed(`a frame of ${length} bytes`);
    }
    if (available < HEAD_BYTES + length) {
      return undefined;
    }
    this.#start = start + HEAD_BYTES + length;
    const payload = buffer.subarray(start + HEAD_BYTES, this.#start);
    return decode(buffer[start] ?? 0, buffer[start + 1] ?? 0, payload);
  }

  /** Whether the stream could end here. */
  get isBetweenFrames(): boolean {
    return this.#start === this.#end;
  }
}

function decode(type: number, stream: number, payload: Uint8Array): HolderFrame {
  switch (type) {
    case HELLO:
      return decodeHello(stream, payload);
    case OUTPUT:
      return decodeOutput(stream, payload);
    case EXIT:
      return decodeExit(stream, payload);
    case LOG_REOPENED:
      return decodeLogReopened(stream, payload);
    case SETTLE:
      return decodeSettle(stream, payload);
    default:
      throw malformed(`a frame of type ${type}`);
  }
}

function decodeHello(stream: number, payload: Uint8Array): HolderFrame {
  const [version = 0, flags = 0] = payload;
  if (stream !== 0 || payload.length !== 4 || version === 0) {
    throw malformed("a wrong hello");
  }
  return {
    type: "hello",
    version,
    primary: (flags & FLAG_PRIMARY) !== 0,
    terminal: (flags & FLAG_TERMINAL) !== 0,
    settler: (flags & FLAG_SETTLER) !== 0,
  };
}

function decodeOutput(stream: number, content: Uint8Array): HolderFrame {
  if ((stream !== STDOUT && stream !== STDERR) || content.length === 0) {
    throw malformed(`${content.length} bytes of output of stream ${stream}`);
  }
  return { type: "output", stream, content };
}

function decodeExit(stream: number, payload: Uint8Array): HolderFrame {
  const [how, status = 0] = payload;
  if (stream === 0 && payload.length === 4) {
    switch (how) {
      case HOW_CODE:
        return { type: "exit", status: { code: status } };
      case HOW_SIGNAL:
        return { type: "exit", status: { signal: status } };
      case HOW_UNKNOWN:
        return { type: "exit", status: undefined };
    }
  }
  throw malformed("a wrong exit");
}

function decodeLogReopened(stream: number, payload: Uint8Array): HolderFrame {
  const [errno = 0] = payload;
  if (stream !== 0 || payload.length !== 4) {
    throw malformed("a wrong answer about its log");
  }
  return { type: "log-reopened", errno };
}

function decodeSettle(stream: number, payload: Uint8Array): HolderFrame {
  if (stream !== 0 || payload.length !== 0) {
    throw malformed("a wrong settle");
  }
  return { type: "settle" };
}

function malformed(what: string): OcicatError {
  return new OcicatError("unavailable", {
    operation: "attach to",
    subject: "the container",
    reason: `its holder sent ${what}`,
  });
}
