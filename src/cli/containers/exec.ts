// exec: another process in a container that runs.

import {
  type ExecContainerOptions,
  execDetached,
  execInContainer,
} from "../../engine/containers/exec-in-container.ts";
import { executionFailureCode } from "../../engine/execution-failure.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { parseDetachKeys } from "../../holder/detach-keys.ts";
import type { LaunchNotes } from "../../sys/launch-notes.ts";
import { isTerminal } from "../../sys/terminal.ts";
import { checkPreserved } from "../check-preserved.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { PROCESS_FLAGS } from "../run/environment-flags.ts";
import { parseVariables } from "../run/variables.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

const STDIN = 0;

const EXEC_FLAGS = {
  interactive: { kind: "switch", aliases: ["i"], help: "pass standard input on" },
  ...PROCESS_FLAGS,
  detach: { kind: "switch", aliases: ["d"], help: "print the exec's ID and leave it running" },
  "detach-keys": {
    kind: "text",
    value: "KEYS",
    help: "leave a terminal: ctrl-p,ctrl-q or the setting",
  },
  user: {
    kind: "text",
    aliases: ["u"],
    value: "USER[:GROUP]",
    help: "by names of the container or numbers; its own user by default",
  },
  "preserve-fds": { kind: "text", value: "NUMBER", help: "of our descriptors from 3 on it gets" },
  latest: { kind: "switch", aliases: ["l"], help: "in the container that was created last" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const exec = defineCommand({
  usage: ["[FLAGS] CONTAINER COMMAND...", "[FLAGS] --latest COMMAND..."],
  about: `Runs another process in a container that runs: with the container's environment, working directory,
user and limits, and what the flags say on top. Leaves with its exit code; signals are passed on. The
process belongs to a holder of its own: it goes on when this command is killed.`,
  notes: `At a terminal (-it), ctrl-p ctrl-q leaves the process running. With --detach its ID is printed, and
\`ocicat inspect --type exec ID\` tells what became of it, until the container is removed or 64 others have
ended.

Exit codes: the process's own, 128 + N when signal N killed it, 127 when its program is not found,
126 when it cannot be executed, 1 when ocicat itself fails.`,
  flags: EXEC_FLAGS,
  refused: () =>
    Promise.resolve({
      privileged: {
        reason: "a process can't have more than its container",
        hint: "`ocicat run --privileged` gives it to a container",
      },
    }),
  args: { min: 2, unless: (flags) => flags.switch("latest") && flags.args.length > 0 },
  placement: "first",
  completes: "container",
  examples: [
    "ocicat exec -it web sh",
    "ocicat exec -u postgres db psql -c 'select 1'",
    "echo hello | ocicat exec -i web tee /tmp/hello",
    "ocicat exec -d web sh -c 'sleep 60; nginx -s reload'",
  ],
  act: (flags, { notes }) => execCommand(flags, notes),
  failureCode: (error) => executionFailureCode(error, 1),
});

async function execCommand(
  flags: FlagsOf<typeof EXEC_FLAGS>,
  notes: LaunchNotes | undefined,
): Promise<number> {
  checkFlags(flags);
  const [word = "", ...command] = await wordsOf(flags);
  const options = {
    ...execOptions(flags),
    ...(await preserved(flags.text("preserve-fds"), notes)),
    command,
  };
  if (flags.switch("detach")) {
    writeOutput(`${await execDetached(word, options)}\n`);
    return 0;
  }
  return execInContainer(word, { ...options, standsStill: true });
}

function execOptions(flags: FlagsOf<typeof EXEC_FLAGS>): Omit<ExecContainerOptions, "command"> {
  const workdir = flags.text("workdir");
  const user = flags.text("user");
  const keys = flags.text("detach-keys");
  return {
    ...placeOptions(flags),
    env: parseVariables(flags, process.env),
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
    interactive: flags.switch("interactive"),
    terminal: flags.switch("tty"),
    ...(keys === undefined ? {} : { detachKeys: parseDetachKeys(keys) }),
  };
}

/** The container and the command. */
async function wordsOf(flags: FlagsOf<typeof EXEC_FLAGS>): Promise<readonly string[]> {
  return flags.switch("latest") ? (await import("./latest.ts")).withLatest(flags) : flags.args;
}

async function preserved(text: string | undefined, notes: LaunchNotes | undefined) {
  if (text === undefined) {
    return {};
  }
  const { parsePreserved } = await import("../run/stream-options.ts");
  const preserveFds = parsePreserved(text);
  checkPreserved(preserveFds, notes?.inheritedFds);
  return { preserveFds };
}

function checkFlags(flags: FlagsOf<typeof EXEC_FLAGS>): void {
  const isAttended = !flags.switch("detach");
  if (flags.switch("tty") && flags.switch("interactive") && isAttended && !isTerminal(STDIN)) {
    const hint = "leave -t out to read from a pipe or file";
    throw refused("--tty", "the input device is not a TTY", hint);
  }
}

function refused(subject: string, reason: string, hint?: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject,
    reason,
    ...(hint === undefined ? {} : { hint }),
  });
}
