// Commands on images that take a while: they show progress, and ctrl-c ends them in order.

import type { ImageOptions } from "../../engine/images/image-session.ts";
import { progressSetting } from "../../engine/images/progress-setting.ts";
import type { WorkOptions } from "../../engine/images/transfer-options.ts";
import type { FlagsOf } from "../flags.ts";
import { interruptible } from "../interruptible.ts";
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

export async function withProgress<Result>(
  flags: WorkFlags,
  action: (work: WorkOptions) => Promise<Result>,
  origin: BlobOrigin = "registry",
): Promise<Result> {
  const options = imageOptions(flags.text("store"));
  const progress = openProgress(await styleOf(flags, options), process.env, origin);
  try {
    return await interruptible((signal) =>
      action({ ...options, onEvent: (event) => progress.show(event), signal }),
    );
  } finally {
    progress.finish();
  }
}

async function styleOf(flags: WorkFlags, options: ImageOptions): Promise<ProgressStyle> {
  const given = flags.text("progress");
  if (given !== undefined) {
    return parseProgressStyle(given);
  }
  return flags.switch("quiet") ? "none" : await progressSetting(options);
}
