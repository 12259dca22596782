// What the engine remembers of a process that `exec` adds to a container, in a folder of its own
// (exec-folder.ts): `exec.json`, replaced as a whole when something of it changes.
//
//   {"version": 1, "id", "container", "createdMs", "request", "start"}: ExecRecord
//
// How the process ended is in the exit record beside it, and whether it runs is asked of the processes:
// exec-status.ts.

import { OcicatError } from "../../error/ocicat-error.ts";
import { isTorn, readTextAtIfExists, replaceBriefFileAt } from "../../sys/file.ts";
import type { NamedProcess } from "../../sys/process.ts";
import type { ExecRequest } from "./exec-process.ts";

export const EXEC_RECORD_NAME = "exec.json";
const VERSION = 1;
const SIZE_LIMIT = 4 * 1024 * 1024;

export interface ExecRecord {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** The container's id. */
  readonly container: string;
  readonly createdMs: number;
  readonly request: StoredExecRequest;
  /** Absent: nobody has started it. */
  readonly start?: ExecStart;
}

export interface StoredExecRequest extends ExecRequest {
  /** It has an open input; else it reads the null device. */
  readonly interactive: boolean;
}

export interface ExecStart {
  readonly startedMs: number;
  /** 0: whoever starts it does not know yet, was killed before it knew, or failed. */
  readonly pid: number;
  /** As /proc tells it; with the pid it names one process. */
  readonly startTime: string;
  /** Absent: nobody has written it down. */
  readonly holder?: NamedProcess;
  /** How many of those before it have been killed; absent: none. */
  readonly killedHolders?: number;
  /** Why it could not be executed, and what a shell's exit code for that is. */
  readonly failure?: { readonly reason: string; readonly code: number };
}

export function writeExecRecord(folderFd: number, record: ExecRecord): void {
  replaceBriefFileAt(folderFd, EXEC_RECORD_NAME, JSON.stringify({ version: VERSION, ...record }));
}

/** Undefined: it is being made or removed, or was when a power cut came. */
export function readExecRecord(folderFd: number): ExecRecord | undefined {
  const text = readTextAtIfExists(folderFd, EXEC_RECORD_NAME, SIZE_LIMIT);
  return text === undefined || isTorn(text) ? undefined : parseRecord(text);
}

/** The engine alone writes these files: what has our version is as we wrote it. */
function parseRecord(text: string): ExecRecord {
  const value: ExecRecord & { readonly version?: unknown } = JSON.parse(text);
  if (value.version !== VERSION) {
    throw new OcicatError("unsupported", {
      operation: "read",
      subject: EXEC_RECORD_NAME,
      reason: `its version ${String(value.version)} is not ${VERSION}`,
      hint: "use the ocicat that executed it",
    });
  }
  return value;
}
