// The processors of the machine, for limits that ask for more than there are.

import { parseNumberList } from "../cgroup/cpu-list.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { readTextFileIfExists } from "../sys/file.ts";
import type { RunLimits } from "./run-limits.ts";

/** "0-3,7" */
const ONLINE = "/sys/devices/system/cpu/online";

/** Throws "invalid-argument" for more than the machine has, as docker does. */
export function checkProcessors({ cpus, cpusetCpus }: RunLimits): void {
  const list = cpus === undefined && cpusetCpus === undefined ? undefined : readOnline();
  const online = list === undefined ? [] : (parseNumberList(list) ?? []);
  if (online.length === 0) {
    return;
  }
  const missing = parseNumberList(cpusetCpus ?? "")?.find((number) => !online.includes(number));
  if (missing !== undefined) {
    throw tooMany(`the processor ${missing}`, `the machine has ${list}`);
  }
  if (cpus !== undefined && cpus > online.length) {
    throw tooMany(`${cpus} processors`, `the machine has ${online.length}`);
  }
}

function readOnline(): string | undefined {
  return readTextFileIfExists(ONLINE)?.trim();
}

function tooMany(subject: string, reason: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "give a container",
    subject,
    reason,
  });
}
