// Where a holder is, so that it does not end with the unit of systemd's, or the session, that it was started in;
// and what is said when systemd does not let it.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { OwnScope } from "../../runtime/place-holder.ts";
import { call } from "../../sys/call.ts";
import { isOwnProcess } from "../own-command.ts";

type OnWarning = ((text: string) => void) | undefined;

/** `what` it holds, for a warning: "the container". */
export function ownScope(what: string, onWarning: OnWarning): OwnScope {
  return {
    onRefusal: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      onWarning?.(`${what} ends with the unit of systemd's that it was started in: ${reason}`);
    },
  };
}

export interface Entry {
  /** Of what is about to be started. */
  readonly id: string;
  /** For a warning. */
  readonly what: string;
  /** It is to join a container that runs: where this process may do so already, it stays where it is. */
  readonly joins: boolean;
  /** Nobody waits for it: the user is to know when it will not outlive the session. */
  readonly isDetached: boolean;
}

/**
 * An ordinary user's command goes into a scope of the user's own systemd, and what it starts with it: a session's
 * cgroup is root's. Another program that has the engine as a library stays where it is.
 */
export async function enterOwnScope(entry: Entry, onWarning: OnWarning): Promise<void> {
  if (call("geteuid") === 0 || !isOwnProcess()) {
    return;
  }
  const { enterUserScope, isDelegated } = await import("../../cgroup/user-scope.ts");
  if (entry.joins && isDelegated()) {
    return;
  }
  try {
    const hasEntered = enterUserScope(entry.id);
    if (hasEntered && entry.isDetached) {
      const { lingerHint } = await import("./linger-hint.ts");
      lingerHint(entry.what, onWarning);
    }
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    ownScope(entry.what, onWarning).onRefusal(error);
  }
}
