import { expect, test } from "bun:test";
import type { ExecRecord } from "./exec-record.ts";
import { type ExecReport, execReport } from "./exec-report.ts";
import type { ExecStatus } from "./exec-status.ts";

const RECORD: ExecRecord = {
  id: "e".repeat(64),
  container: "c".repeat(64),
  createdMs: 0,
  request: {
    command: ["sh", "-c", "exit 3"],
    env: ["A=1"],
    user: "user",
    terminal: true,
    interactive: true,
  },
  start: { startedMs: 1, pid: 42, startTime: "7" },
};

const EXPECTED: readonly [status: ExecStatus, report: Partial<ExecReport>][] = [
  [{ kind: "created" }, { Running: false, ExitCode: null, Pid: 0, Error: "", CanRemove: false }],
  [
    { kind: "running", pid: 42 },
    { Running: true, ExitCode: null, Pid: 42, Error: "", CanRemove: false },
  ],
  [
    { kind: "exited", code: 3 },
    { Running: false, ExitCode: 3, Pid: 0, Error: "", CanRemove: true },
  ],
  [
    { kind: "failed", code: 127, reason: "not there" },
    { Running: false, ExitCode: 127, Error: "not there", CanRemove: true },
  ],
  [
    { kind: "lost", reason: "killed" },
    { Running: false, ExitCode: null, Error: "killed", CanRemove: true },
  ],
];

test.each(EXPECTED)("a process that is %p", (status, report) => {
  expect(execReport(RECORD, status)).toMatchObject(report);
});

test("what it was asked for, with docker's names", () => {
  expect(execReport(RECORD, { kind: "created" })).toMatchObject({
    ID: RECORD.id,
    ContainerID: RECORD.container,
    Created: "1970-01-01T00:00:00.000Z",
    OpenStdin: true,
    OpenStderr: false,
    ProcessConfig: {
      tty: true,
      entrypoint: "sh",
      arguments: ["-c", "exit 3"],
      privileged: false,
      user: "user",
    },
  });
});
