// Programs of others, run to their end while this one stands still.

import { O_RDWR } from "../abi/file.ts";
import { SIG_SETMASK } from "../abi/process.ts";
import { addressOf } from "./entry.ts";
import { OwnedFd, open, readAll } from "./file.ts";
import { decodeText, words } from "./memory.ts";
import { memoryFile } from "./memory-file.ts";
import { Pipe } from "./pipe.ts";
import { type ChildCall, type ExitStatus, spawn, waitForPid } from "./process.ts";

const SIGNAL_SET_BYTES = 8;

export interface ProgramRun {
  readonly path: string;
  /** With the name that it is called by. */
  readonly args: readonly string[];
  /** "NAME=value" each. */
  readonly environment: readonly string[];
  readonly input?: string;
}

export interface ProgramEnd {
  readonly status: ExitStatus;
  /** What it wrote to standard error. Its standard output is not for anybody. */
  readonly said: string;
}

/** Throws when it can't be executed. */
export function runProgram({ path, args, environment, input = "" }: ProgramRun): ProgramEnd {
  using source = memoryFile("input", input);
  using nowhere = new OwnedFd(open("/dev/null", O_RDWR));
  using errors = new Pipe();
  const noSignals = words(2);
  const prepare: readonly ChildCall[] = [
    ["dup3", source.number, 0, 0],
    ["dup3", nowhere.number, 1, 0],
    ["dup3", errors.writer.number, 2, 0],
    ["rt_sigprocmask", SIG_SETMASK, addressOf(noSignals), 0, SIGNAL_SET_BYTES],
  ];
  const pid = spawn({ executablePath: path, args, environment, prepare }, path);
  errors.writer[Symbol.dispose]();
  const said = decodeText(readAll(errors.reader.number, "what it says"));
  return { status: waitForPid(pid), said };
}
