// A log whose holder was killed while it wrote: what it had begun is taken back, lines that nobody will
// go on with are ended, and an entry says what may be missing.

import { O_APPEND, O_RDWR } from "../../abi/file.ts";
import { PAYLOAD_LIMIT, STDERR, STDOUT } from "../../holder/attach-protocol.ts";
import { encodeLogEntry, type LogEntry, LogReader } from "../../holder/log-entry.ts";
import { call, checked } from "../../sys/call.ts";
import { OwnedFd, statAt, tryOpenAt, writeAll } from "../../sys/file.ts";
import { bytes } from "../../sys/memory.ts";
import { readAt } from "../../sys/positioned.ts";

const SUBJECT = "the container's log";
const NEWLINE = 0x0a;
/** Some entries of the longest kind. */
const TAIL_BYTES = 8 * PAYLOAD_LIMIT;

/** Nothing happens where there is no log. Its holder is dead, and its successor not there yet. */
export function mendLog(folderFd: number, name: string): void {
  const fd = tryOpenAt(folderFd, name, O_RDWR | O_APPEND);
  if (fd < 0) {
    return;
  }
  using file = new OwnedFd(fd);
  const { entries, wholeBytes } = readTail(file.number);
  checked(call("ftruncate", file.number, wholeBytes), "shorten", SUBJECT);
  for (const stream of [STDOUT, STDERR] as const) {
    if (entries.findLast((entry) => entry.stream === stream)?.endsLine === false) {
      writeAll(file.number, encodeLogEntry(stream, ""), SUBJECT);
    }
  }
  const text = `output may be missing here, at most ${PAYLOAD_LIMIT} bytes: the container's holder was killed`;
  writeAll(file.number, encodeLogEntry(STDERR, text), SUBJECT);
}

interface Tail {
  readonly entries: readonly LogEntry[];
  /** Up to the end of the last whole entry. */
  readonly wholeBytes: number;
}

function readTail(fd: number): Tail {
  const size = statAt(fd, "")?.size ?? 0;
  const start = Math.max(0, size - TAIL_BYTES);
  const buffer = bytes(size - start);
  const tail = buffer.subarray(0, readAt(fd, buffer, start, SUBJECT));
  const first = start === 0 ? 0 : tail.indexOf(NEWLINE) + 1;
  const end = tail.lastIndexOf(NEWLINE) + 1;
  const entries = new LogReader().push(tail.subarray(first, Math.max(first, end)));
  return { entries, wholeBytes: start + end };
}
