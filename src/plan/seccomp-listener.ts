// Sends the descriptor of a seccomp filter with notifications to the profile's agent.
//
// The filter is in force when the descriptor exists, and may stop or hold up any call that we would
// send it with. So a helper is cloned before, without the filter but with the same table of
// descriptors. It is told the number that the descriptor is going to have, the lowest free one, waits
// until it is there, and sends it. Nothing but a wait for the helper's end comes behind the filter for it,
// and only where the filter lets that pass; else the process inherits a child that has ended. It cannot be
// a sibling instead: the first process of a pid namespace may not make any.

import { O_CLOEXEC, O_PATH } from "../abi/file.ts";
import { CLONE_FILES, POLLIN } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { cloneArguments } from "./clone.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import { sendDescriptor } from "./messages.ts";
import type { ReceivedState } from "./received-state.ts";

const F_GETFD = 1;
const WAIT_MS = 1;

/**
 * Before the filter is loaded: returns the helper's pid. `socket` leads to the agent, and `state` is what it gets with the
 * descriptor.
 */
export function cloneListenerSender(
  program: ProgramBuilder,
  socket: number | undefined,
  state: ReceivedState | undefined,
): Register | undefined {
  program.because("linux.seccomp.listenerPath");
  const describes = "send the seccomp notify descriptor to linux.seccomp.listenerPath";
  if (socket === undefined || state === undefined) {
    program.control("expect", [0, 1, 1, Errno.ENODEV], { describes });
    return undefined;
  }
  const self = program.call("getpid", [], { result: "self" });
  const pidfd = program.call("pidfd_open", [self, 0], { result: "pidfd", describes });
  const openFlags = flags(O_PATH | O_CLOEXEC, OPEN_NAMES);
  const root = program.text("/");
  const next = program.call("openat", [CURRENT_DIRECTORY, root, openFlags], { result: "next" });
  program.call("close", [next]);
  const parent = program.label();
  const clone = cloneArguments(program, { flags: CLONE_FILES });
  const sender = program.fork(clone, "sender", parent);
  waitForDescriptor(program, next, pidfd);
  sendDescriptor(program, {
    socket,
    fd: next,
    payload: state.content,
    length: state.length,
    describes,
  });
  program.control("exit", [0]);
  program.endFork(parent);
  program.forget(next);
  program.forget(self);
  program.forget(pidfd);
  return sender;
}

/** Behind the filter. An answer of the filter's in place of the kernel's changes nothing. */
export function awaitListenerSender(
  program: ProgramBuilder,
  sender: Register,
  blocked: boolean,
): void {
  if (!blocked) {
    program.because("linux.seccomp.listenerPath");
    program.call("wait4", [sender, 0, 0, 0], { caught: { errnos: "any" } });
  }
  program.forget(sender);
}

/** Looks every millisecond; ends with the process that was to load the filter. */
function waitForDescriptor(program: ProgramBuilder, fd: Register, pidfd: Register): void {
  const again = program.label();
  const isThere = program.label();
  const missing = program.label();
  program.place(again);
  program.call("fcntl", [fd, named(F_GETFD, "GETFD")], {
    caught: { errnos: [Errno.EBADF], target: missing },
  });
  program.jump(isThere);
  program.place(missing);
  program.control("poll", [pidfd, named(POLLIN, "IN"), WAIT_MS], {
    caught: { errnos: [Errno.ETIMEDOUT], target: again },
  });
  program.control("exit", [0]);
  program.place(isThere);
}
