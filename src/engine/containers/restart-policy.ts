// Whether and when a container that has ended is started again: docker's policies and back-off. No I/O.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type ProbedOptions, restartsOnFailure } from "../health/health-check.ts";

export type RestartPolicy =
  | { readonly kind: "no" | "always" | "unless-stopped" }
  | {
      readonly kind: "on-failure";
      /** 0: without a limit. */
      readonly maxRetries: number;
    };

export const NO_RESTART: RestartPolicy = { kind: "no" };
export const ALWAYS_RESTART: RestartPolicy = { kind: "always" };

/** Whether there is more to come when a container has ended: its holder then has to see to it. */
export function mayRestart({
  restart = NO_RESTART,
  ...options
}: ProbedOptions & { readonly restart?: RestartPolicy }): boolean {
  return restart.kind !== "no" || restartsOnFailure(options);
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** One that ran so long begins anew with the shortest delay. */
const STEADY_MS = 10_000;

/** "no", "always", "unless-stopped", "on-failure", "on-failure:5". */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [kind = "", retries] = text.split(":", 2);
  if (retries === undefined && (kind === "no" || kind === "always" || kind === "unless-stopped")) {
    return { kind };
  }
  if (kind === "on-failure" && /^\d{1,6}$/.test(retries ?? "0")) {
    return { kind, maxRetries: Number(retries ?? 0) };
  }
  throw new OcicatError("invalid-argument", {
    operation: "use",
    subject: `--restart ${quote(text)}`,
    reason: "it is none of no, always, unless-stopped, on-failure[:RETRIES]",
  });
}

export interface EndedRun {
  /** Undefined: nobody knows. */
  readonly code: number | undefined;
  readonly ranMs: number;
  /** How often it has been started again since a user started it. */
  readonly restarts: number;
  /** A user stopped it. */
  readonly isStopped: boolean;
}

/** Milliseconds to wait before it is started again; undefined: it is not. */
export function restartDelayMs(policy: RestartPolicy, ended: EndedRun): number | undefined {
  if (!isDue(policy, ended)) {
    return undefined;
  }
  const attempt = ended.ranMs >= STEADY_MS ? 0 : ended.restarts;
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt, 20), LONGEST_DELAY_MS);
}

function isDue(policy: RestartPolicy, { code, restarts, isStopped }: EndedRun): boolean {
  if (isStopped) {
    return false;
  }
  switch (policy.kind) {
    case "no":
      return false;
    case "always":
    case "unless-stopped":
      return true;
    case "on-failure":
      return code !== 0 && (policy.maxRetries === 0 || restarts < policy.maxRetries);
  }
}
