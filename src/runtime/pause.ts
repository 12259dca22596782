// pause: every process of a container stands still.

import { freeze } from "../cgroup/freeze.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ContainerAddress } from "./delete.ts";
import { StateDirectory } from "./state-directory.ts";
import { statusOf } from "./status.ts";

export function pauseContainer({ stateRoot, id }: ContainerAddress): void {
  using directory = StateDirectory.open(stateRoot, id);
  const state = directory.readState();
  const status = statusOf(directory, state);
  if (status !== "running" && status !== "created") {
    throw new OcicatError("wrong-state", {
      operation: "pause",
      subject: `container ${quote(id)}`,
      reason: "container not running",
    });
  }
  freeze(state.cgroup);
}
