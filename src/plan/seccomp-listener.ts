// Sends the descriptor of a seccomp filter with notifications to the profile's agent.
//
// The filter is in force when the descriptor exists, and may stop or hold up any call that we would
// send it with. So a helper is cloned before, without the filter and with the same table of
// descriptors: it waits for the number that the descriptor is going to have, and sends it.

import { Errno } from "../error/errno.ts";
import type { Register } from "../program/program.ts";
import type { ReceivedState } from "./container-hooks.ts";
import type { PlanContext } from "./context.ts";
import { sendDescriptor } from "./messages.ts";

/** In the process that has loaded the filter; `state` is the document that the agent gets with it. */
export function sendSeccompListener(
  { program, request }: PlanContext,
  listener: Register,
  state: ReceivedState | undefined,
): void {
  program.because("linux.seccomp.listenerPath");
  if (request.seccompListenerFd === undefined || state === undefined) {
    program.control("expect", [0, 1, 1, Errno.ENODEV], {
      describes: "send the seccomp notify descriptor",
    });
    return;
  }
  sendDescriptor(program, {
    socket: request.seccompListenerFd,
    fd: listener,
    payload: state.content,
    length: state.length,
    describes: "send the seccomp notify descriptor to linux.seccomp.listenerPath",
  });
  program.close(listener);
}
