// What the flags of `ocicat run` mean that are about the container's /etc/passwd and /etc/group.

import type { RunContainerOptions } from "../../engine/run-options.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { ACCOUNT_FLAGS } from "./further-flags.ts";

export function parseAccounts(
  flags: FlagsOf<typeof ACCOUNT_FLAGS>,
): Pick<RunContainerOptions, "accounts"> {
  const passwdEntry = oneLine("passwd-entry", flags.text("passwd-entry"));
  const groupEntry = oneLine("group-entry", flags.text("group-entry"));
  const hostUsers = flags.list("hostuser");
  const isAsked = passwdEntry ?? groupEntry ?? hostUsers[0];
  if (!flags.isSet("passwd") && isAsked === undefined) {
    return {};
  }
  if (flags.isSet("passwd") && !flags.switch("passwd") && passwdEntry !== undefined) {
    throw badValue("passwd-entry", passwdEntry, "it does not go with --passwd=false");
  }
  return {
    accounts: {
      ...(flags.isSet("passwd") ? { addsUser: flags.switch("passwd") } : {}),
      ...(passwdEntry === undefined ? {} : { passwdEntry }),
      ...(groupEntry === undefined ? {} : { groupEntry }),
      hostUsers,
    },
  };
}

function oneLine(flag: string, text: string | undefined): string | undefined {
  if (text?.includes("\n") === true) {
    throw badValue(flag, text, "it is more than one line");
  }
  return text;
}
