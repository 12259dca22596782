// What `inspect --type exec` tells of a process that was added to a container, with the fields of docker's
// API. No I/O.

import type { ExecRecord } from "./exec-record.ts";
import type { ExecStatus } from "./exec-status.ts";

export interface ExecReport {
  readonly ID: string;
  readonly ContainerID: string;
  /** RFC 3339. */
  readonly Created: string;
  readonly Running: boolean;
  /** null: it runs, was not started, or nobody could see how it ended. */
  readonly ExitCode: number | null;
  /** Of the process on the host, while it runs; else 0. */
  readonly Pid: number;
  /** Why there is no exit code of its own; else empty. */
  readonly Error: string;
  readonly OpenStdin: boolean;
  readonly OpenStdout: boolean;
  readonly OpenStderr: boolean;
  readonly CanRemove: boolean;
  readonly DetachKeys: string;
  readonly ProcessConfig: {
    readonly tty: boolean;
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly privileged: boolean;
    readonly user: string;
    readonly env: readonly string[];
    readonly workingDir: string;
  };
}

export function execReport(record: ExecRecord, status: ExecStatus): ExecReport {
  const { request } = record;
  const [program = "", ...words] = request.command;
  return {
    ID: record.id,
    ContainerID: record.container,
    Created: new Date(record.createdMs).toISOString(),
    Running: status.kind === "running",
    ExitCode: status.kind === "exited" || status.kind === "failed" ? status.code : null,
    Pid: status.kind === "running" ? status.pid : 0,
    Error: status.kind === "failed" || status.kind === "lost" ? status.reason : "",
    OpenStdin: request.interactive,
    OpenStdout: true,
    OpenStderr: !request.terminal,
    CanRemove: status.kind !== "running" && status.kind !== "created",
    DetachKeys: "",
    ProcessConfig: {
      tty: request.terminal,
      entrypoint: program,
      arguments: words,
      privileged: false,
      user: request.user ?? "",
      env: request.env,
      workingDir: request.workdir ?? "",
    },
  };
}
