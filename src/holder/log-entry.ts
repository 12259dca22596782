// The entries of a container's log, as its holder writes them (native/log.c) and Kubernetes' tools read
// them (the CRI log format):
//
//   2026-11-29T15:04:05.000000042Z stdout F what the container wrote\n
//
// Always 30 characters of time in UTC; "stdout" (or the terminal) or "stderr"; F where a line of the
// container ends, P where it goes on in the next entry of its stream. The content has no newline of its
// own: F stands for one.

import { OcicatError } from "../error/ocicat-error.ts";
import { timeOfDay } from "../sys/clock.ts";
import { encodeText } from "../sys/memory.ts";
import { type OutputStream, STDERR, STDOUT } from "./attach-protocol.ts";

export interface LogEntry {
  /** RFC 3339 with nine digits, in UTC: texts that sort as the times do. */
  readonly time: string;
  readonly stream: OutputStream;
  /** Whether a line of the container ends here. */
  readonly endsLine: boolean;
  /** A view of the bytes that were given. */
  readonly content: Uint8Array;
}

const TIME_LENGTH = 30;
const HEAD_LENGTH = TIME_LENGTH + " stdout F ".length;
const NEWLINE = 0x0a;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

/** Takes a log apart that comes in pieces. */
export class LogReader {
  #rest: Uint8Array = new Uint8Array();

  /** The entries that are whole now. Throws for what is no log. */
  push(chunk: Uint8Array): LogEntry[] {
    const bytes = this.#rest.length === 0 ? chunk : joined(this.#rest, chunk);
    const entries: LogEntry[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      entries.push(parseLogEntry(bytes.subarray(start, end)));
      start = end + 1;
    }
    this.#rest = bytes.slice(start);
    return entries;
  }
}

/** `bytes`: an entry without its newline. */
export function parseLogEntry(bytes: Uint8Array): LogEntry {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, HEAD_LENGTH));
  const time = head.slice(0, TIME_LENGTH);
  const stream = streamOf(head.slice(TIME_LENGTH, HEAD_LENGTH - 2));
  const tag = head.slice(HEAD_LENGTH - 2);
  if (!TIME.test(time) || stream === undefined || (tag !== "F " && tag !== "P ")) {
    throw new OcicatError("internal", {
      operation: "read",
      subject: "the container's log",
      reason: `${JSON.stringify(head)} does not begin an entry`,
    });
  }
  return { time, stream, endsLine: tag === "F ", content: bytes.subarray(HEAD_LENGTH) };
}

/** An entry that ends its line, and its newline, as of now. */
export function encodeLogEntry(stream: OutputStream, text: string): Uint8Array<ArrayBuffer> {
  const name = stream === STDOUT ? "stdout" : "stderr";
  return encodeText(`${timeOfDay()} ${name} F ${text}\n`);
}

function streamOf(word: string): OutputStream | undefined {
  switch (word) {
    case " stdout ":
      return STDOUT;
    case " stderr ":
      return STDERR;
    default:
      return undefined;
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
