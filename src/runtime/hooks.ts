// Hooks that run in the runtime's own namespaces: prestart, createRuntime, poststart, poststop. Each
// reads the container's state from its standard input.

import { O_RDWR } from "../abi/file.ts";
import { POLLIN, SIG_SETMASK, SIGKILL, SIGPIPE, SIGXFSZ } from "../abi/process.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Hook, HookName } from "../oci/hooks.ts";
import type { State } from "../oci/state.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { OwnedFd, open, readAll } from "../sys/file.ts";
import { decodeText, words } from "../sys/memory.ts";
import { memoryFile } from "../sys/memory-file.ts";
import { poll } from "../sys/poll.ts";
import {
  type ChildCall,
  type ExitStatus,
  spawn,
  tryOpenPidfd,
  trySignalPidfd,
  waitForPid,
} from "../sys/process.ts";

const LAST_FD = 0xffff_ffff;
const CLOSE_RANGE_CLOEXEC = 4;
const ERROR_TEXT_LIMIT = 8192;

/** Runs the hooks in order; the first that fails ends it with an error. */
export function runHooks(kind: HookName, hooks: readonly Hook[], state: State): void {
  const content = JSON.stringify(state);
  hooks.forEach((hook, index) => {
    runHook(`hooks.${kind}[${index}]`, hook, content);
  });
}

/** As runHooks, but a hook that fails does not keep the others from running; returns what failed. */
export function runHooksToTheEnd(
  kind: HookName,
  hooks: readonly Hook[],
  state: State,
): readonly unknown[] {
  const failures: unknown[] = [];
  for (const [index, hook] of hooks.entries()) {
    try {
      runHook(`hooks.${kind}[${index}]`, hook, JSON.stringify(state));
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

function runHook(place: string, hook: Hook, state: string): void {
  const subject = `the hook ${quote(hook.path)} of ${place}`;
  // Memory instead of pipes: a hook that reads or writes nothing blocks nobody.
  using input = memoryFile("hook", state);
  using output = memoryFile("hook", "");
  using nothing = new OwnedFd(open("/dev/null", O_RDWR));
  const zeroes = words(8);
  const prepare: ChildCall[] = [
    ["dup3", input.number, 0, 0],
    ["dup3", nothing.number, 1, 0],
    ["dup3", output.number, 2, 0],
    // What the caller hands on to the container is not for hooks.
    ["close_range", 3, LAST_FD, CLOSE_RANGE_CLOEXEC],
    ["setsid"],
    // This program ignores two signals, and blocks all of them while it starts another.
    ["rt_sigaction", SIGPIPE, addressOf(zeroes), 0, 8],
    ["rt_sigaction", SIGXFSZ, addressOf(zeroes), 0, 8],
    ["rt_sigprocmask", SIG_SETMASK, addressOf(zeroes), 0, 8],
  ];
  const args = hook.args ?? [hook.path];
  const request = { executablePath: hook.path, args, environment: hook.env ?? [], prepare };
  const pid = spawn(request, subject);
  const status = awaitHook(pid, hook, subject);
  const failed = !("code" in status) || status.code !== 0;
  if (failed) {
    throw new OcicatError("unavailable", {
      operation: "run",
      subject,
      reason: describeEnd(status, readFromStart(output.number)),
    });
  }
}

function readFromStart(fd: number): string {
  call("lseek", fd, 0, 0);
  const text = decodeText(readAll(fd, "a hook's output", 64 * 1024 * 1024)).trim();
  return text.slice(-ERROR_TEXT_LIMIT);
}

function awaitHook(pid: number, hook: Hook, subject: string): ExitStatus {
  if (hook.timeout === undefined) {
    return waitForPid(pid);
  }
  using pidfd = new OwnedFd(checked(tryOpenPidfd(pid), "watch", subject));
  const [ended] = poll([{ fd: pidfd.number, events: POLLIN }], hook.timeout * 1000);
  if (ended === 0) {
    trySignalPidfd(pidfd.number, SIGKILL);
    waitForPid(pid);
    throw new OcicatError("timeout", {
      operation: "run",
      subject,
      reason: `it did not end within ${hook.timeout} s`,
    });
  }
  return waitForPid(pid);
}

function describeEnd(status: ExitStatus, output: string): string {
  const end = "code" in status ? `exit status ${status.code}` : `signal ${status.signal}`;
  return output === "" ? end : `${end}: ${output}`;
}
