// A probe that asks a port of a container, as Kubernetes' probes do, instead of executing a command in it:
//
//   ["HTTP", URL, "NAME: VALUE"...]   answers with a status from 200 to 399
//   ["TCP", HOST, PORT]               takes a connection
//   ["GRPC", HOST, PORT, SERVICE]     says SERVING (grpc.health.v1)
//
// The container need not have any program for it: `ocicat healthcheck request` is executed in its network.

import { AT_FDCWD } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { compileProbe } from "../../plan/compile-probe.ts";
import { openInitOf } from "../../runtime/wait.ts";
import { launchProgram } from "../../stage/launch.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { readLinkAt } from "../../sys/file.ts";
import { type ExitStatus, waitForPid } from "../../sys/process.ts";
import { requireRunning } from "../containers/require-running.ts";
import type { StoredContainer } from "../containers/stored-container.ts";
import { ownCommand } from "../own-command.ts";

/** Until the process has ended: our child, which ends as the process does, and the process. */
export type Attend = (stagePid: number, pid: number) => Promise<void>;

export interface PortQuestion {
  /** Of the forms above. */
  readonly test: readonly string[];
  /** Descriptors 0 to 2 of who asks; what is wrong with the answer is written to the last one. */
  readonly standardFds: readonly [number, number, number];
}

export async function askPort(
  container: StoredContainer,
  { test, standardFds }: PortQuestion,
  attend: Attend,
): Promise<ExitStatus> {
  const { pid } = requireRunning(container, "probe");
  using init = openInitOf(container.address);
  if (init === undefined) {
    throw new OcicatError("wrong-state", {
      operation: "ask",
      subject: `a port of container ${quote(container.record.name)}`,
      reason: "it has ended",
    });
  }
  const program = compileProbe({
    architecture: hostArchitecture,
    pidfd: init.number,
    joins: {
      network: isOther(pid, "net"),
      users: call("geteuid") !== 0 && isOther(pid, "user"),
    },
    command: [...ownCommand(), "healthcheck", "request", ...test],
    environment: environmentOf(["PATH", "HOME"]),
  });
  const placeFds = standardFds.map((from, to) => ({ from, to }));
  using stage = launchProgram(program, { keepFds: [init.number], placeFds });
  await attend(stage.pid, stage.pid);
  stage[Symbol.dispose]();
  return waitForPid(stage.pid);
}

/** Whether the process has a namespace of this kind that is not ours. */
function isOther(pid: number, kind: "net" | "user"): boolean {
  const linkOf = (who: string) => readLinkAt(AT_FDCWD, `/proc/${who}/ns/${kind}`);
  return linkOf(String(pid)) !== linkOf("self");
}

/** Without the proxies that we may have. */
function environmentOf(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
}
