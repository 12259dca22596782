// Hooks that run inside the container's namespaces: createContainer before the root is entered,
// startContainer just before the process is executed. The container's state comes from the runtime,
// since only there its pid is known, and goes to the hook's standard input.

import { MFD_CLOEXEC, O_RDWR } from "../abi/file.ts";
import { CLONE_PIDFD, P_PIDFD, POLLIN, SIGKILL, WEXITED } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Hook, HookName } from "../oci/hooks.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import { type Register, type Words, wordsOf } from "../program/program.ts";
import { cloneArguments } from "./clone.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { closeAtExecve } from "./execute.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import type { ReceivedState } from "./received-state.ts";

const SIGINFO_BYTES = 128;
const SIGINFO_CODE = 8;
const SIGINFO_STATUS = 24;
const CLD_EXITED = 1;

export function runContainerHooks(
  program: ProgramBuilder,
  kind: HookName,
  hooks: readonly Hook[],
  state: ReceivedState,
): void {
  hooks.forEach((hook, index) => {
    program.because(`hooks.${kind}[${index}]`);
    runHook(program, hook, state);
  });
}

function runHook(program: ProgramBuilder, hook: Hook, state: ReceivedState): void {
  const describes = () => `run the hook ${quote(hook.path)}`;
  const input = writeState(program, state, describes);
  const pidfdRoom = program.space(8, "pidfd");
  const parent = program.label();
  const clone = cloneArguments(program, { flags: CLONE_PIDFD, pidfd: pidfdRoom });
  const child = program.fork(clone, "hook", parent);
  executeHook(program, hook, input, describes);
  program.endFork(parent);
  program.close(input);
  const pidfd = program.control("load", [offsetOf(pidfdRoom), 4], { result: "pidfd" });
  awaitHook(program, hook, pidfd, describes);
  program.close(pidfd);
  program.forget(child);
}

/** Memory and not a pipe: a hook that ends without reading its input would break that one. */
function writeState(program: ProgramBuilder, state: ReceivedState, describes: Words): Register {
  const memoryArgs = [program.text("hook"), named(MFD_CLOEXEC, "CLOEXEC")];
  const input = program.call("memfd_create", memoryArgs, { result: "input", describes });
  program.call("write", [input, state.content, state.length], { describes });
  program.call("lseek", [input, 0, 0]);
  return input;
}

function executeHook(program: ProgramBuilder, hook: Hook, input: Register, describes: Words): void {
  program.call("dup3", [input, 0, 0]);
  const nullPath = program.text("/dev/null");
  const output = program.call("openat", [CURRENT_DIRECTORY, nullPath, flags(O_RDWR, OPEN_NAMES)], {
    result: "output",
    describes,
  });
  program.call("dup3", [output, 1, 0]);
  program.call("dup3", [output, 2, 0]);
  program.forget(output);
  // The socket of the program's reports is none of a hook's business.
  closeAtExecve(program, 3);
  const args = program.stringVector(hook.args ?? [hook.path], "args");
  const environment = program.stringVector(hook.env ?? [], "environment");
  program.call("execve", [program.text(hook.path), args, environment], { describes });
}

/** A hook that fails, or outlives its timeout, fails the container. */
function awaitHook(program: ProgramBuilder, hook: Hook, pidfd: Register, describes: Words): void {
  if (hook.timeout !== undefined) {
    const late = program.label();
    const ended = program.label();
    const pollIn = named(POLLIN, "IN");
    program.control("poll", [pidfd, pollIn, hook.timeout * 1000], {
      caught: { errnos: [Errno.ETIMEDOUT], target: late },
    });
    program.jump(ended);
    program.place(late);
    program.call("pidfd_send_signal", [pidfd, named(SIGKILL, "KILL"), 0, 0]);
    program.control("expect", [0, 1, 1, Errno.ETIMEDOUT], {
      describes: () => `${wordsOf(describes)} within ${hook.timeout} s`,
    });
    program.place(ended);
  }
  const siginfo = program.space(SIGINFO_BYTES, "siginfo");
  const waitArgs = [named(P_PIDFD, "P_PIDFD"), pidfd, siginfo, named(WEXITED, "EXITED"), 0];
  program.call("waitid", waitArgs, { describes });
  const code = program.control("load", [offsetOf(siginfo, SIGINFO_CODE), 4], { result: "code" });
  program.control("expect", [code, 0xffff_ffff, CLD_EXITED, Errno.ECANCELED], { describes });
  program.forget(code);
  const status = program.control("load", [offsetOf(siginfo, SIGINFO_STATUS), 4], {
    result: "status",
  });
  program.control("expect", [status, 0xffff_ffff, 0, Errno.ECANCELED], { describes });
  program.forget(status);
}
