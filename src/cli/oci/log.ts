// The log that --log names: records that containerd and Podman read. A failing command writes exactly
// one record with level "error", and nothing before it: Podman takes the whole file as one object. With --debug,
// which Podman does not say, a record of level "debug" tells last what took how long.
//
//   {"level":"error","msg":"...","time":"2026-01-02T03:04:05Z"}        --log-format json
//   time="2026-01-02T03:04:05Z" level=error msg="..."                  --log-format text

import { AT_FDCWD, O_APPEND, O_CREAT, O_WRONLY } from "../../abi/file.ts";
import { quote } from "../../error/ocicat-error.ts";
import { OwnedFd, openAt, writeAll } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { writeError } from "../write-text.ts";

export type LogFormat = "text" | "json";

export interface LogTarget {
  /** Absent: standard error. */
  readonly path?: string;
  readonly format: LogFormat;
}

/** What a verb that succeeds has to say nevertheless is a record of level "warning". */
export type LogLevel = "error" | "warning" | "debug";

export function formatRecord(
  format: LogFormat,
  msg: string,
  time: Date,
  level: LogLevel = "error",
): string {
  const seconds = `${time.toISOString().slice(0, 19)}Z`;
  return format === "json"
    ? `${JSON.stringify({ level, msg, time: seconds })}\n`
    : `time="${seconds}" level=${level} msg=${quote(msg)}\n`;
}

/** Standard error may be the container's own: with a log, these go there alone. */
export function logRecords(
  { format, path }: LogTarget,
  level: "warning" | "debug",
  messages: readonly string[],
): void {
  const time = new Date();
  const records = messages.map((message) => formatRecord(format, message, time, level)).join("");
  if (records === "") {
    return;
  }
  if (path === undefined) {
    writeError(records);
  } else {
    appendTo(path, records);
  }
}

/**
 * The message goes to the log and, as a plain line, to standard error: Podman and conmon read that one,
 * in one read.
 */
export function logFailure(target: LogTarget, message: string): void {
  const record = formatRecord(target.format, message, new Date());
  if (target.path === undefined) {
    writeError(target.format === "json" ? record : `${message}\n`);
    return;
  }
  try {
    appendTo(target.path, record);
  } finally {
    writeError(`${message}\n`);
  }
}

function appendTo(path: string, record: string): void {
  using file = new OwnedFd(openAt(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0o644));
  writeAll(file.number, encodeText(record), quote(path));
}
