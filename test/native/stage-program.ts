// A program that has every control operation, and a few system calls, for the stage's tests.

import type { Architecture } from "../../src/abi/architecture.ts";
import { Errno } from "../../src/error/errno.ts";
import { offsetOf, ProgramBuilder, REPORT_REGISTER } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { encodeHoldRequest } from "../../src/program/hold-request.ts";

const CLONE_ARGS_BYTES = 88;
const SIGINFO_BYTES = 128;
const P_PID = 1;
const WEXITED = 4;

export function everyOperation(architecture: Architecture): Uint8Array<ArrayBuffer> {
  const program = new ProgramBuilder(architecture);
  const numbers = program.structure(Uint32Array.of(7, 0, 1 << 31, 5), "numbers");
  const digits = program.structure(new Uint32Array(6), "digits");
  const siginfo = program.structure(new Uint32Array(SIGINFO_BYTES / 4), "siginfo");
  const parent = program.label();
  const end = program.label();
  const value = program.control("load", [offsetOf(numbers), 4], { result: "value" });
  program.control("store", [value, offsetOf(numbers, 8), 8]);
  program.control("decimal", [value, offsetOf(digits)]);
  program.control("expect", [value, 0xff, 7, Errno.EINVAL], { caught: { errnos: "any" } });
  program.control("report", [1, value]);
  program.control("receive", [REPORT_REGISTER, offsetOf(digits), 16]);
  program.control("poll", [value, 1, 10], {
    caught: { errnos: [Errno.ETIMEDOUT, Errno.EBADF], target: end },
  });
  const pid = program.fork(
    program.structure(new Uint32Array(CLONE_ARGS_BYTES / 4), "clone"),
    "pid",
    parent,
  );
  program.control("reset_signals", [0x1000, 1]);
  program.control("bound_capabilities", [3, 0, 40]);
  program.call("execve", [
    program.text("/bin/true"),
    program.stringVector(["true", "x"], "arguments"),
    program.stringVector([], "no variables"),
  ]);
  program.endFork(parent);
  program.control("report_to", [value]);
  program.call("waitid", [P_PID, pid, siginfo, WEXITED, 0x1_0000_0000]);
  program.control("hold", [offsetOf(program.structure(encodeHoldRequest(), "hold"))]);
  program.jump(end);
  program.control("reap", [pid]);
  program.place(end);
  program.control("exit_as", [offsetOf(siginfo)]);
  program.control("exit", [3]);
  return encodeProgram(program.finish());
}
