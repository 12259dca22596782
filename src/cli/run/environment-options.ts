// What the flags of `ocicat run` mean that are about what a process finds around it.

import type { RunContainerOptions } from "../../engine/run-options.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { ENVIRONMENT_FLAGS } from "./environment-flags.ts";
import { entriesOf, parseVariables } from "./variables.ts";

type EnvironmentFlags = FlagsOf<typeof ENVIRONMENT_FLAGS>;
type Variables = Readonly<Record<string, string | undefined>>;

export function parseEnvironment(
  flags: EnvironmentFlags,
  own: Variables,
): Pick<RunContainerOptions, "env"> & Partial<RunContainerOptions> {
  const all = flags.switch("env-host");
  const hasProxy = flags.switch("http-proxy");
  const ours = entriesOf(own).filter((entry) => all || (hasProxy && isProxy(entry)));
  const merged = flags.list("env-merge").map(checkedMerge);
  const umask = flags.text("umask");
  const zone = flags.text("tz");
  return {
    env: [...flags.list("unsetenv").map(checkedName), ...ours, ...parseVariables(flags, own)],
    ...(merged.length === 0 ? {} : { mergedEnv: merged }),
    ...(flags.switch("unsetenv-all") ? { clearsEnv: true } : {}),
    ...(umask === undefined ? {} : { umask: parseUmask(umask) }),
    ...(zone === undefined ? {} : { timeZone: checkedZone(zone) }),
  };
}

/** Those that podman passes on, in either case. */
function isProxy(entry: string): boolean {
  return /^(http|https|ftp|no)_proxy=/i.test(entry);
}

function checkedMerge(text: string): string {
  if (!/^[^=\s]+=/.test(text)) {
    throw badValue("env-merge", text, "it is not of the form NAME=VALUE");
  }
  return text;
}

/** Alone it takes the image's away. */
function checkedName(text: string): string {
  if (text === "" || /[=\s]/.test(text)) {
    throw badValue("unsetenv", text, "it is not the name of a variable");
  }
  return text;
}

function parseUmask(text: string): number {
  if (!/^0?[0-7]{1,3}$/.test(text)) {
    throw badValue("umask", text, "it is not an octal number such as 0022");
  }
  return Number.parseInt(text, 8);
}

/** A path below the host's folder of zones, and nowhere else. */
function checkedZone(text: string): string {
  const isName = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(text);
  if (!isName) {
    throw badValue("tz", text, 'it is neither a zone such as "Europe/Berlin" nor "local"');
  }
  return text;
}
