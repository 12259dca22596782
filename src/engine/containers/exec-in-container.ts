// exec: another process in a container that runs.

import { F_DUPFD_CLOEXEC, O_RDWR } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readAccounts } from "../../image/accounts.ts";
import type { Process } from "../../oci/process.ts";
import { Attendance, ownTerminalSize } from "../../runtime/attend.ts";
import { exec, execDetached } from "../../runtime/exec.ts";
import { call, checked } from "../../sys/call.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { exitCodeOf } from "../../sys/process.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { openContainerRoot, pathOfFd } from "./container-root.ts";
import { type ExecRequest, execProcess } from "./exec-process.ts";
import { requireRunning } from "./require-running.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

export interface ExecContainerOptions extends SurroundingsOptions, ExecRequest {
  /** Its input is ours; else it has none. */
  readonly interactive: boolean;
  /** Do not wait for its end; it has no streams of ours. */
  readonly detach: boolean;
  readonly ignoredSignals?: { readonly low: number; readonly high: number };
}

/** Copies of standard streams stay above them. */
const FIRST_FREE_FD = 3;
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** Returns the exit code: 128 + N for a signal; 0 when it is detached. */
export async function execInContainer(
  word: string,
  options: ExecContainerOptions,
): Promise<number> {
  using container = await openContainer(word, options);
  requireRunning(container, "exec in");
  if (container.status().kind === "paused") {
    throw paused(container);
  }
  const { ignoredSignals } = options;
  const base = {
    ...container.address,
    process: processMaker(container, options),
    ...(ignoredSignals === undefined ? {} : { ignoredSignals }),
  };
  if (options.detach) {
    using _streams = new NullStreams([STDIN, STDOUT, STDERR]);
    await execDetached(base);
    return 0;
  }
  using _streams = new NullStreams(options.interactive ? [] : [STDIN]);
  using attendance = new Attendance();
  const consoleSize = options.terminal ? ownTerminalSize() : undefined;
  const status = await exec({
    ...base,
    process: (own) => ({
      ...base.process(own),
      ...(consoleSize === undefined ? {} : { consoleSize }),
    }),
    consoleFd: attendance.consoleFd,
    attend: (stagePid, pid) => attendance.attend(stagePid, pid),
  });
  return exitCodeOf(status);
}

function processMaker(
  container: StoredContainer,
  options: ExecContainerOptions,
): (own: Process | undefined) => Process {
  return (own) => {
    using root = openContainerRoot(container);
    const base = own ?? { user: { uid: 0, gid: 0 }, args: [], cwd: "/" };
    const request = { ...options, terminal: options.terminal && !options.detach };
    return execProcess(base, request, readAccounts([pathOfFd(root.number)]));
  };
}

function paused({ record: { name } }: StoredContainer): OcicatError {
  return new OcicatError("wrong-state", {
    operation: "exec in",
    subject: `container ${quote(name)}`,
    reason: "it is paused",
    hint: `\`ocicat unpause ${name}\` lets it go on`,
  });
}

/** Puts the null device in place of standard streams of this process, until it is disposed of. */
class NullStreams implements Disposable {
  readonly #saved: { readonly fd: number; readonly copy: OwnedFd }[] = [];

  constructor(fds: readonly number[]) {
    if (fds.length === 0) {
      return;
    }
    using nothing = new OwnedFd(open("/dev/null", O_RDWR));
    for (const fd of fds) {
      const copy = call("fcntl", fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
      if (copy >= 0) {
        this.#saved.push({ fd, copy: new OwnedFd(copy) });
      }
      checked(call("dup3", nothing.number, fd, 0), "replace", `descriptor ${fd}`);
    }
  }

  [Symbol.dispose](): void {
    for (const { fd, copy } of this.#saved) {
      call("dup3", copy.number, fd, 0);
      copy[Symbol.dispose]();
    }
  }
}
