// What a holder that outlives its unit of systemd's says when systemd does not let it.

import type { OwnScope } from "../../runtime/place-holder.ts";

/** `what` it holds, for a warning: "the container". */
export function ownScope(what: string, onWarning: ((text: string) => void) | undefined): OwnScope {
  return {
    onRefusal: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      onWarning?.(`${what} ends with the unit of systemd's that it was started in: ${reason}`);
    },
  };
}
