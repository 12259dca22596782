// ocicat run: a container in the foreground, with the flags and exit codes that users of docker and
// podman know.

import { executionFailureCode } from "../engine/execution-failure.ts";
import { runContainer } from "../engine/run.ts";
import type { RunContainerOptions } from "../engine/run-options.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { ImageEvent } from "../image/image-event.ts";
import type { LaunchNotes } from "../sys/launch-notes.ts";
import { isTerminal } from "../sys/terminal.ts";
import { fromWorkingDirectory } from "../sys/working-directory.ts";
import { checkPreserved } from "./check-preserved.ts";
import { defineCommand } from "./command.ts";
import { RUN_FLAGS, type RunFlags } from "./run/flags.ts";
import { runOptions } from "./run/options.ts";
import { replaceContainer } from "./run/replace.ts";
import type { Progress } from "./terminal/progress/progress.ts";
import { writeWarning } from "./terminal/write-warning.ts";
import { writeOutput } from "./write-text.ts";

const STDIN = 0;
const STDERR = 2;

const NOTES = `At a terminal (-it), ctrl-p ctrl-q leaves the container running and comes back to the shell.

Exit codes: the process's own, 128 + N when signal N killed it, 127 when its program is not found,
126 when it cannot be executed, 125 when ocicat itself fails.`;

export const runCommand = defineCommand({
  usage: ["[FLAGS] IMAGE [COMMAND...]", "[FLAGS] --rootfs DIR COMMAND..."],
  about: `Runs a process in a new container, in the foreground, and leaves with its exit code; or, with
--detach, prints its ID and leaves it running.

IMAGE is a name, which is pulled when the store does not have it, or the beginning of an ID;
oci:LAYOUT[:TAG], an OCI image layout on disk; or hello, which is built in.`,
  notes: NOTES,
  flags: RUN_FLAGS,
  refused: async () => (await import("./run/refused-flags.ts")).REFUSED_RUN_FLAGS,
  args: { min: 0 },
  placement: "first",
  completes: "image",
  examples: [
    "ocicat run --rm hello",
    "ocicat run --rm -it oci:/srv/images/debian:latest bash",
    "ocicat run --rm -m 512m --cpus 1.5 -v ./src:/src:ro oci:debian python3 /src/main.py",
    "echo hello | ocicat run --rm -i --rootfs /srv/busybox tr a-z A-Z",
  ],
  act: (flags, { notes }) => run(flags, notes),
  failureCode: executionFailureCode,
});

async function run(flags: RunFlags, notes: LaunchNotes | undefined): Promise<number> {
  const surroundings = { absolute: fromWorkingDirectory, environment: process.env };
  const options = await runOptions(flags, surroundings);
  checkTerminal(options);
  checkPreserved(options.preserveFds ?? 0, notes?.inheritedFds);
  if (flags.switch("replace")) {
    await replaceContainer(options);
  }
  const removal = flags.switch("rmi") ? await import("./run/remove-image.ts") : undefined;
  const end = await runContainer({
    ...options,
    standsStill: true,
    onWarning: writeWarning,
    ...(flags.switch("quiet") ? {} : { progress: new LazyProgress() }),
  });
  if (end.kind === "detached") {
    writeOutput(`${end.id}\n`);
    return 0;
  }
  await removal?.removeImageOf(options);
  if (options.source.kind === "hello") {
    writeOutput(`It took ${end.startedAfterMs.toFixed(1)} ms from the command to its process.\n`);
  }
  return end.code;
}

/** Docker's words: a terminal's keys have to come from somewhere. */
function checkTerminal({ terminal, interactive, detach }: RunContainerOptions): void {
  if (terminal && interactive && detach !== true && !isTerminal(STDIN)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: "--tty",
      reason: "the input device is not a TTY",
      hint: "leave -t out to read from a pipe or file",
    });
  }
}

/** What draws is loaded when there is something to draw: a stored image has nothing to tell. */
class LazyProgress {
  #progress: Promise<Progress | undefined> | undefined;

  show(event: ImageEvent): void {
    this.#progress ??= openLazily();
    // In the order of the events: each waits for the same promise.
    this.#progress.then(
      (progress) => progress?.show(event),
      () => undefined,
    );
  }

  async finish(): Promise<void> {
    (await this.#progress)?.finish();
  }
}

/** Undefined where nobody looks on and nobody asked: what the container writes stands alone then. */
async function openLazily(): Promise<Progress | undefined> {
  const { progressSetting } = await import("../engine/images/progress-setting.ts");
  const { openProgress } = await import("./terminal/progress/progress.ts");
  const style = await progressSetting({});
  return style === "auto" && !isTerminal(STDERR) ? undefined : openProgress(style, process.env);
}
