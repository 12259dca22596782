// What is only possible with a container that runs.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type ContainerStatus, isRestarting, type LiveStatus } from "./container-status.ts";
import type { StoredContainer } from "./stored-container.ts";

/** Throws "wrong-state" unless it runs, or is paused. */
export function requireRunning(container: StoredContainer, operation: string): LiveStatus {
  const status = container.status();
  if (status.kind === "running" || status.kind === "paused") {
    return status;
  }
  const { name } = container.record;
  throw new OcicatError("wrong-state", {
    operation,
    subject: `container ${quote(name)}`,
    reason: reasonOf(status),
    hint: isStray(status)
      ? `was it started with another XDG_RUNTIME_DIR or --root? \`ocicat start ${name}\` ends its process first`
      : `\`ocicat start ${name}\` starts it`,
  });
}

type Lost = Extract<ContainerStatus, { readonly kind: "lost" }>;

/** Its process runs, and nobody finds it. */
function isStray(status: ContainerStatus): status is Lost {
  return status.kind === "lost" && status.isStray === true;
}

function reasonOf(status: ContainerStatus): string {
  if (isRestarting(status)) {
    return "it has ended, and waits to be started again";
  }
  if (isStray(status)) {
    return status.reason;
  }
  return status.kind === "created" ? "it has not been started" : "it is not running";
}

export function requireKind(
  container: StoredContainer,
  wanted: "running" | "paused",
  operation: string,
): void {
  const { kind } = container.status();
  if (kind !== wanted) {
    throw new OcicatError("wrong-state", {
      operation,
      subject: `container ${quote(container.record.name)}`,
      reason: wanted === "paused" ? "it is not paused" : `it is ${kind}`,
    });
  }
}

/** To start it would change nothing. */
export function pausedAlready({ record: { name } }: StoredContainer): OcicatError {
  return new OcicatError("wrong-state", {
    operation: "start",
    subject: `container ${quote(name)}`,
    reason: "it is paused",
    hint: `\`ocicat unpause ${name}\` lets it go on`,
  });
}
