// Commands that take a while: they show progress, and ctrl-c ends them in order. A second one ends the
// program at once.

import type { ImageOptions } from "../../engine/images/image-session.ts";
import { progressSetting } from "../../engine/images/progress-setting.ts";
import type { WorkOptions } from "../../engine/images/transfer-options.ts";
import type { OcicatError } from "../../error/ocicat-error.ts";
import type { FlagsOf } from "../flags.ts";
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

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export async function withProgress<Result>(
  flags: WorkFlags,
  action: (work: WorkOptions) => Promise<Result>,
): Promise<Result> {
  const options = imageOptions(flags.text("store"));
  const progress = openProgress(await styleOf(flags, options), process.env);
  const controller = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      removeHandlers(interrupt);
      process.kill(process.pid, signal);
    }
    controller.abort();
  };
  for (const signal of SIGNALS) {
    process.on(signal, interrupt);
  }
  try {
    return await action({
      ...options,
      onEvent: (event) => progress.show(event),
      signal: controller.signal,
    });
  } finally {
    removeHandlers(interrupt);
    progress.finish();
  }
}

function removeHandlers(handler: (signal: NodeJS.Signals) => void): void {
  for (const signal of SIGNALS) {
    process.off(signal, handler);
  }
}

async function styleOf(flags: WorkFlags, options: ImageOptions): Promise<ProgressStyle> {
  const given = flags.text("progress");
  if (given !== undefined) {
    return parseProgressStyle(given);
  }
  return flags.switch("quiet") ? "none" : await progressSetting(options);
}
