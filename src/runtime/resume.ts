// resume: the processes of a paused container go on.

import { thaw } from "../cgroup/freeze.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ContainerAddress } from "./delete.ts";
import { StateDirectory } from "./state-directory.ts";
import { statusOf } from "./status.ts";

export function resumeContainer({ stateRoot, id }: ContainerAddress): void {
  using directory = StateDirectory.open(stateRoot, id);
  const state = directory.readState();
  if (statusOf(directory, state) !== "paused") {
    throw new OcicatError("wrong-state", {
      operation: "resume",
      subject: `container ${quote(id)}`,
      reason: "container not paused",
    });
  }
  thaw(state.cgroup);
}
