// What is only possible with a container that runs.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { StoredContainer } from "./stored-container.ts";

/** Throws "wrong-state" unless it runs, or is paused. */
export function requireRunning(container: StoredContainer, operation: string): void {
  const { kind } = container.status();
  if (kind !== "running" && kind !== "paused") {
    throw new OcicatError("wrong-state", {
      operation,
      subject: `container ${quote(container.record.name)}`,
      reason: kind === "created" ? "it has not been started" : "it is not running",
      hint: `\`ocicat start ${container.record.name}\` starts it`,
    });
  }
}
