// Commands that take a while: they show progress, and ctrl-c ends them in order. A second one ends the
// program at once.

import { SIGHUP, SIGINT, SIGTERM } from "../../abi/process.ts";
import type { ImageOptions } from "../../engine/images/image-session.ts";
import { progressSetting } from "../../engine/images/progress-setting.ts";
import type { WorkOptions } from "../../engine/images/transfer-options.ts";
import type { OcicatError } from "../../error/ocicat-error.ts";
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

/** What the shell shows for a program that SIGINT ended. */
const EXIT_INTERRUPTED = 130;

export function workFailureCode({ code }: OcicatError): number {
  return code === "interrupted" ? EXIT_INTERRUPTED : 1;
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
  using _handlers = interruptBySignals(controller);
  try {
    return await action({
      ...options,
      onEvent: (event) => progress.show(event),
      signal: controller.signal,
    });
  } finally {
    progress.finish();
  }
}

/** Until it is disposed of. Signals that are ignored stay so: whoever started this process wants it. */
function interruptBySignals(controller: AbortController): Disposable {
  const names = SIGNALS.filter(([, number]) => !isSignalIgnored(number)).map(([name]) => name);
  const remove = (): void => {
    for (const name of names) {
      process.off(name, interrupt);
    }
  };
  const interrupt = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      remove();
      process.kill(process.pid, signal);
    }
    controller.abort();
  };
  for (const name of names) {
    process.on(name, interrupt);
  }
  return { [Symbol.dispose]: remove };
}

async function styleOf(flags: WorkFlags, options: ImageOptions): Promise<ProgressStyle> {
  const given = flags.text("progress");
  if (given !== undefined) {
    return parseProgressStyle(given);
  }
  return flags.switch("quiet") ? "none" : await progressSetting(options);
}
