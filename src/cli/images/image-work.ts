// Commands that take a while: they show progress, and ctrl-c ends them in order. A second one ends the
// program at once.

import { SIGHUP, SIGINT, SIGTERM } from "../../abi/process.ts";
import type { ImageOptions } from "../../engine/images/image-session.ts";
import { progressSetting } from "../../engine/images/progress-setting.ts";
import type { WorkOptions } from "../../engine/images/transfer-options.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { isSignalIgnored } from "../../sys/signal-catcher.ts";
import type { FlagsOf } from "../flags.ts";
import type { BlobOrigin } from "../terminal/progress/phase-text.ts";
import {
  openProgress,
  type ProgressStyle,
  parseProgressStyle,
} from "../terminal/progress/progress.ts";
import { imageOptions, STORE_FLAG } from "./image-flags.ts";

export const WORK_FLAGS = {
  progress: { kind: "text", value: "STYLE", help: "auto, tty, plain, json or none" },
  quiet: { kind: "switch", aliases: ["q"], help: "show no progress, and results in short" },
  ...STORE_FLAG,
} as const;

type WorkFlags = FlagsOf<typeof WORK_FLAGS>;

/** What the shell shows for a program that a signal ended is this and the signal's number. */
const EXIT_SIGNALLED = 128;

/** The error of work that a signal ended. */
class SignalledError extends OcicatError {
  readonly signal: number;

  constructor(error: OcicatError, signal: number) {
    const { code, operation, subject, reason } = error;
    super(code, { operation, subject, reason, cause: error });
    this.signal = signal;
    this.cleanupFailures.push(...error.cleanupFailures);
  }
}

export function workFailureCode(error: OcicatError): number {
  if (error.code !== "interrupted") {
    return 1;
  }
  return EXIT_SIGNALLED + (error instanceof SignalledError ? error.signal : SIGINT);
}

const SIGNALS = [
  ["SIGINT", SIGINT],
  ["SIGTERM", SIGTERM],
  ["SIGHUP", SIGHUP],
] as const;

export async function withProgress<Result>(
  flags: WorkFlags,
  action: (work: WorkOptions) => Promise<Result>,
  origin: BlobOrigin = "registry",
): Promise<Result> {
  const options = imageOptions(flags.text("store"));
  const progress = openProgress(await styleOf(flags, options), process.env, origin);
  const controller = new AbortController();
  using handlers = new SignalInterruption(controller);
  try {
    return await action({
      ...options,
      onEvent: (event) => progress.show(event),
      signal: controller.signal,
    });
  } catch (error) {
    const isOurs = error instanceof OcicatError && handlers.signal !== undefined;
    throw isOurs && error.code === "interrupted"
      ? new SignalledError(error, handlers.signal ?? SIGINT)
      : error;
  } finally {
    progress.finish();
  }
}

/** Until it is disposed of. Signals that are ignored stay so: whoever started this process wants it. */
class SignalInterruption implements Disposable {
  /** The first that came. */
  signal: number | undefined;
  readonly #controller: AbortController;
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];

  constructor(controller: AbortController) {
    this.#controller = controller;
    this.#handlers = SIGNALS.filter(([, number]) => !isSignalIgnored(number)).map(
      ([name, number]) => [name, () => this.#interrupt(name, number)],
    );
    for (const [name, handler] of this.#handlers) {
      process.on(name, handler);
    }
  }

  [Symbol.dispose](): void {
    for (const [name, handler] of this.#handlers) {
      process.off(name, handler);
    }
  }

  #interrupt(name: NodeJS.Signals, number: number): void {
    if (this.#controller.signal.aborted) {
      this[Symbol.dispose]();
      process.kill(process.pid, name);
    }
    this.signal ??= number;
    this.#controller.abort();
  }
}

async function styleOf(flags: WorkFlags, options: ImageOptions): Promise<ProgressStyle> {
  const given = flags.text("progress");
  if (given !== undefined) {
    return parseProgressStyle(given);
  }
  return flags.switch("quiet") ? "none" : await progressSetting(options);
}
