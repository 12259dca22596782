// The exit record: how a container ended, written once by its holder (native/exit-record.c) as `exit.json`
// in the directory that it was given. It is one line of JSON:
//
//   {"version":1,"pid":4242,"how":"code","status":3,"seconds":1732500000,"nanoseconds":42,"oomKills":0}
//
// `how` is "code" (status is the exit code), "signal" (status is the signal) or "unknown" (status is
// 0). The time is when the holder learned of it, since 1970. There is no file until the whole of it is.

import { OcicatError } from "../error/ocicat-error.ts";
import { readTextAtIfExists } from "../sys/file.ts";
import type { ExitStatus } from "../sys/process.ts";

export const EXIT_RECORD_NAME = "exit.json";
export const EXIT_RECORD_VERSION = 1;

const SIZE_LIMIT = 4096;

export interface ExitRecord {
  /** Of the container's init, in the holder's pid namespace. */
  readonly pid: number;
  /** undefined: nobody could know. */
  readonly status: ExitStatus | undefined;
  readonly finishedAt: { readonly seconds: number; readonly nanoseconds: number };
  /** How many of the container's processes the kernel had ended for want of memory by then. */
  readonly oomKills: number;
}

/** The record in an open directory; undefined as long as the container runs. */
export function readExitRecord(directoryFd: number): ExitRecord | undefined {
  const text = readTextAtIfExists(directoryFd, EXIT_RECORD_NAME, SIZE_LIMIT);
  // Empty: of a container that is removed at its end, after a power cut.
  return text === undefined || text === "" ? undefined : parseExitRecord(text);
}

export function parseExitRecord(text: string): ExitRecord {
  const fields = parseObject(text);
  const number = (name: string, limit: number): number => {
    const value = fields.get(name);
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > limit) {
      throw wrong(`${name} is not a number from 0 to ${limit}`);
    }
    return value;
  };
  if (number("version", EXIT_RECORD_VERSION) !== EXIT_RECORD_VERSION) {
    throw wrong(`version is not ${EXIT_RECORD_VERSION}`);
  }
  return {
    pid: number("pid", 0xffff_ffff),
    status: statusFrom(fields.get("how"), number("status", 255)),
    finishedAt: {
      seconds: number("seconds", Number.MAX_SAFE_INTEGER),
      nanoseconds: number("nanoseconds", 999_999_999),
    },
    // A holder of an earlier version has not counted them.
    oomKills: fields.has("oomKills") ? number("oomKills", 0xffff_ffff) : 0,
  };
}

function parseObject(text: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong("it is not JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw wrong("it is not an object");
  }
  return new Map(Object.entries(value));
}

function statusFrom(how: unknown, status: number): ExitStatus | undefined {
  switch (how) {
    case "code":
      return { code: status };
    case "signal":
      return { signal: status };
    case "unknown":
      return undefined;
    default:
      throw wrong('how is not "code", "signal" or "unknown"');
  }
}

function wrong(reason: string, cause?: unknown): OcicatError {
  return new OcicatError("internal", {
    operation: "read",
    subject: `the exit record "${EXIT_RECORD_NAME}"`,
    reason,
    cause,
  });
}
