// The sockets that a caller names by path, connected before the launch: the program gets descriptors.

import { SOCK_STREAM } from "../abi/process.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Process } from "../oci/process.ts";
import type { Spec } from "../oci/spec.ts";
import { type CreateRequest, holdersDescriptors, type StageEnd } from "../plan/request.ts";
import { OwnedFd } from "../sys/file.ts";
import { connectUnix } from "../sys/socket.ts";

export interface SocketOptions {
  readonly consoleSocket?: string;
  /** In place of `consoleSocket`: a connected one, which stays the caller's. */
  readonly consoleFd?: number;
  readonly pidfdSocket?: string;
}

type SocketFds = Pick<CreateRequest, "consoleFd" | "pidfdSocketFd" | "seccompListenerFd">;

export class RequestedSockets implements Disposable {
  readonly #console: OwnedFd | undefined;
  readonly #givenConsoleFd: number | undefined;
  readonly #pidfd: OwnedFd | undefined;
  readonly #seccomp: OwnedFd | undefined;

  constructor(options: SocketOptions, spec: Spec) {
    const listenerPath = spec.linux?.seccomp?.listenerPath;
    this.#console = connect(options.consoleSocket);
    this.#givenConsoleFd = options.consoleFd;
    this.#pidfd = connect(options.pidfdSocket);
    this.#seccomp = connect(listenerPath === "" ? undefined : listenerPath);
  }

  get #consoleFd(): number | undefined {
    return this.#console?.number ?? this.#givenConsoleFd;
  }

  forProgram(): SocketFds {
    const consoleFd = this.#consoleFd;
    return {
      ...(consoleFd === undefined ? {} : { consoleFd }),
      ...(this.#pidfd === undefined ? {} : { pidfdSocketFd: this.#pidfd.number }),
      ...(this.#seccomp === undefined ? {} : { seccompListenerFd: this.#seccomp.number }),
    };
  }

  /** All descriptors that have to stay open in the stage. */
  keptFds(end: StageEnd, preserveFds: number): number[] {
    const ours = [this.#consoleFd, this.#pidfd?.number, this.#seccomp?.number].filter(
      (fd) => fd !== undefined,
    );
    const holders = end.kind === "hold" ? holdersDescriptors(end) : [];
    const preserved = Array.from({ length: preserveFds }, (_, index) => 3 + index);
    return [...ours, ...holders, ...preserved];
  }

  [Symbol.dispose](): void {
    this.#console?.[Symbol.dispose]();
    this.#pidfd?.[Symbol.dispose]();
    this.#seccomp?.[Symbol.dispose]();
  }
}

function connect(path: string | undefined): OwnedFd | undefined {
  return path === undefined ? undefined : new OwnedFd(connectUnix(path, SOCK_STREAM));
}

/**
 * "given": the caller goes, and a console socket takes the terminal; "kept": a foreground command has a
 * descriptor for it; "held": the holder takes it. A
 * terminal that nobody takes the other end of would be lost; so would one that was asked for in vain.
 */
export function checkTerminal(
  process: Process | undefined,
  end: "given" | "kept" | "held",
  { consoleSocket, consoleFd }: SocketOptions,
): void {
  const hasTerminal = process?.terminal === true;
  if (hasTerminal && end === "given" && consoleSocket === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: "process.terminal",
      reason: "cannot allocate tty if ocicat-runtime will detach without setting console socket",
    });
  }
  if (hasTerminal && end === "kept" && consoleFd === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: "process.terminal",
      reason: "nobody takes the terminal's other end: consoleFd says who does",
    });
  }
  if (consoleSocket !== undefined && (!hasTerminal || end !== "given")) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: "the console socket",
      reason: "cannot use console socket if ocicat-runtime will not detach or allocate tty",
    });
  }
}
