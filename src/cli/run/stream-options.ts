// What the flags of `ocicat run` mean that are about this process's streams, signals and descriptors.

import type { RunContainerOptions } from "../../engine/run-options.ts";
import { parseDetachKeys } from "../../holder/detach-keys.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { RunFlags } from "./flags.ts";
import type { STREAM_FLAGS } from "./further-flags.ts";
import { given } from "./given.ts";
import { parseWhole } from "./values.ts";

const STREAMS = ["stdin", "stdout", "stderr"];
const MOST_DESCRIPTORS = 1024;

export function parseStreams(flags: RunFlags): Partial<RunContainerOptions> {
  return {
    ...parseAttach(flags),
    ...parseAttendance(flags),
    ...given(flags.text("preserve-fds"), (text) => ({ preserveFds: parsePreserved(text) })),
  };
}

/** Of whoever attends to a container: `start` and `attach` have them, too. */
export function parseAttendance(
  flags: FlagsOf<typeof STREAM_FLAGS>,
): Pick<RunContainerOptions, "detachKeys" | "keepsSignals"> {
  return {
    ...given(flags.text("detach-keys"), (text) => ({ detachKeys: parseDetachKeys(text) })),
    ...(flags.isSet("sig-proxy") && !flags.switch("sig-proxy") ? { keepsSignals: true } : {}),
  };
}

export function parsePreserved(text: string): number {
  return parseWhole("preserve-fds", text, [0, MOST_DESCRIPTORS]);
}

/** --attach, once for each stream. */
function parseAttach(flags: RunFlags): Pick<RunContainerOptions, "attached"> {
  const given = flags.list("attach").flatMap((text) => text.toLowerCase().split(","));
  const wrong = given.find((name) => !STREAMS.includes(name));
  if (wrong !== undefined) {
    throw badValue("attach", wrong, "it is none of stdin, stdout, stderr");
  }
  const [first] = given;
  if (first === undefined) {
    return {};
  }
  if (flags.switch("detach")) {
    throw badValue("attach", first, "it does not go with --detach");
  }
  const has = (name: string): boolean => given.includes(name);
  return { attached: { input: has("stdin"), output: has("stdout"), error: has("stderr") } };
}
