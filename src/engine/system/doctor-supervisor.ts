// What `ocicat doctor` says about the supervisor, where containers need one.

import { type Check, ok, problem } from "../../host/doctor-check.ts";
import { eachReadable } from "../containers/stored-container.ts";
import { isTimed } from "../health/health-check.ts";
import { supervisorPid } from "../supervisor/supervisor-lock.ts";
import { supervisorPlace } from "../supervisor/supervisor-place.ts";
import type { Surroundings } from "../surroundings.ts";

const NAME = "supervisor";

/** Nothing where no container needs one. */
export function checkSupervisor(surroundings: Surroundings): Check[] {
  const names = eachReadable(surroundings, (container) =>
    container.status().kind === "running" && isTimed(container.record.options)
      ? [container.record.name]
      : [],
  ).flat();
  if (names.length === 0) {
    return [];
  }
  const place = supervisorPlace(surroundings);
  const pid = supervisorPid(place);
  if (pid !== undefined) {
    return [ok(NAME, `process ${pid} has the health of ${names.length} checked`)];
  }
  const fix = `\`ocicat supervise &\` starts one; what ended the last one may stand in ${place.logPath}`;
  return [problem(NAME, `none runs: nobody checks the health of ${names.join(", ")}`, fix)];
}
