// livenessProbe: a command inside the container is its health check. What would have to reach a port is
// warned of.

import type { RunHealth } from "../health/health-check.ts";
import type { KubeFields } from "./kube-fields.ts";

/** Kubernetes' defaults. */
const PERIOD_S = 10;
const TIMEOUT_S = 1;
const FAILURES = 3;
const LONGEST_S = 1_000_000;

/** Undefined: there is none, or none that can be had here. */
export function parseProbe(fields: KubeFields | undefined): RunHealth | undefined {
  if (fields === undefined) {
    return undefined;
  }
  const command = fields.object("exec");
  const words = command?.texts("command") ?? [];
  command?.end();
  const seconds = (name: string, usual: number): number =>
    1000 * (fields.integer(name, 0, LONGEST_S) ?? usual);
  const health: RunHealth = {
    test: ["CMD", ...words],
    intervalMs: seconds("periodSeconds", PERIOD_S),
    timeoutMs: seconds("timeoutSeconds", TIMEOUT_S),
    startPeriodMs: seconds("initialDelaySeconds", 0),
    retries: fields.integer("failureThreshold", 1, LONGEST_S) ?? FAILURES,
  };
  fields.skip("successThreshold");
  fields.end();
  if (command !== undefined && words.length === 0) {
    fields.fault("exec.command", "required");
  }
  return words.length === 0 ? undefined : health;
}
