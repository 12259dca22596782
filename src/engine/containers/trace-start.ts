// trace: what the last start of a container took its time for, from the start record.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { readStartRecord } from "./container-record.ts";
import { openContainer } from "./stored-container.ts";

export interface TracedPhase {
  readonly phase: string;
  readonly about: string;
  readonly milliseconds: number;
  /** Of the whole start: 0 to 1. */
  readonly share: number;
}

export interface StartTrace {
  readonly id: string;
  readonly name: string;
  /** When the container's process ran; milliseconds since 1970. */
  readonly startedMs: number;
  /** How often its restart policy has started it since a user did: then this one is of the policy. */
  readonly restarts: number;
  readonly totalMs: number;
  /** In order. */
  readonly phases: readonly TracedPhase[];
}

/** Those of the short path, in its order; one start does not have all of them. */
const ABOUT: Readonly<Record<string, string>> = {
  launcher: "the launcher, and the loading of the program (by CPU time)",
  start: "Bun, until our first line",
  command: "the command line, the settings, the code that is needed",
  image: "find the image, and pull it if need be",
  mount: "mount its layers, or find them mounted",
  container: "the container's folder, name, record and volumes",
  network: "the namespaces of others that it joins",
  configuration: "the configuration for the runtime",
  arguments: "take the configuration, the log and the socket for clients",
  parse: "check the configuration",
  facts: "look at the host: cgroups, security, mounts",
  cgroup: "make the cgroup",
  compile: "compile the system calls that make the container",
  launch: "start the stage, which executes them",
  ready: "namespaces, mounts, devices: until the container is made",
  holder: "give the holder a place of its own, where systemd keeps order",
  process: "hooks, privileges, seccomp: until the process is executed",
};

/** Throws "wrong-state" for one that has not been started, "unavailable" where its start was cut short. */
export async function traceStart(word: string, options: SurroundingsOptions): Promise<StartTrace> {
  using container = await openContainer(word, options);
  const { id, name } = container.record;
  const started = readStartRecord(container.folder.fd);
  const subject = `the start of container ${quote(name)}`;
  if (started === undefined) {
    const reason = "it has not been started yet";
    throw new OcicatError("wrong-state", { operation: "trace", subject, reason });
  }
  const { startedMs, restarts, phases = [] } = started;
  if (phases.length === 0) {
    const reason = "it was cut short, or is of a version that did not write its phases down";
    throw new OcicatError("unavailable", { operation: "trace", subject, reason });
  }
  const totalUs = phases.reduce((sum, { microseconds }) => sum + microseconds, 0);
  const traced = phases.map(({ phase, microseconds }) => ({
    phase,
    about: ABOUT[phase] ?? "",
    milliseconds: microseconds / 1000,
    share: totalUs === 0 ? 0 : microseconds / totalUs,
  }));
  return { id, name, startedMs, restarts, totalMs: totalUs / 1000, phases: traced };
}
