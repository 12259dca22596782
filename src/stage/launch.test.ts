import { describe, expect, test } from "bun:test";
import { Errno } from "../error/errno.ts";
import { offsetOf, ProgramBuilder, REPORT_REGISTER } from "../program/builder.ts";
import { EXIT_ABANDONED, EXIT_FAILED, REPORT_FAILED } from "../program/opcodes.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { waitForPid } from "../sys/process.ts";
import { launchProgram, type StageProcess, type StageReport } from "./launch.ts";

const KIND = 9;

function runToEnd(build: (program: ProgramBuilder) => void) {
  const program = new ProgramBuilder(hostArchitecture);
  build(program);
  using stage = launchProgram(program.finish());
  const reports: StageReport[] = [];
  for (let report = stage.receive(); report !== undefined; report = stage.receive()) {
    reports.push(report);
  }
  return { reports, status: waitForPid(stage.pid) };
}

function values(build: (program: ProgramBuilder) => void): number[] {
  return runToEnd(build).reports.map(({ value }) => value);
}

describe("the stage", () => {
  test("executes system calls and exits with the given status", () => {
    const { reports, status } = runToEnd((program) => {
      const pid = program.call("getpid", [], { result: "pid" });
      program.control("report", [KIND, pid]);
      program.control("exit", [7]);
    });
    expect(status).toEqual({ code: 7 });
    expect(reports).toEqual([{ kind: KIND, op: 1, value: expect.any(Number) }]);
  });

  test("reports an error that nobody catches, with its op", () => {
    const { reports, status } = runToEnd((program) => {
      program.call("getpid", []);
      program.call("chdir", [program.text("/does-not-exist")]);
    });
    expect(reports).toEqual([{ kind: REPORT_FAILED, op: 1, value: Errno.ENOENT }]);
    expect(status).toEqual({ code: EXIT_FAILED });
  });

  test("goes on at the target of a caught error, and only of those that are listed", () => {
    const caughtBy = (errnos: readonly number[]) =>
      values((program) => {
        const target = program.label();
        program.call("chdir", [program.text("/no")], { caught: { errnos, target } });
        program.control("report", [KIND, 1]);
        program.place(target);
        program.control("report", [KIND, 2]);
      });
    expect(caughtBy([Errno.EPERM, Errno.ENOENT])).toEqual([2]);
    expect(caughtBy([Errno.EPERM])).toEqual([Errno.ENOENT]);
  });

  test("stores, loads and compares", () => {
    const build = (program: ProgramBuilder) => {
      const room = program.space(16, "room");
      program.control("store", [0x1234_5678, offsetOf(room, 4), 4]);
      const value = program.control("load", [offsetOf(room, 4), 2], { result: "value" });
      program.control("report", [KIND, value]);
      program.control("expect", [value, 0xff, 0x78, Errno.EIO]);
      program.control("expect", [value, 0xff, 0x79, Errno.EBUSY]);
    };
    expect(values(build)).toEqual([0x5678, Errno.EBUSY]);
  });

  test("writes decimal numbers", () => {
    const digits = (number: number) =>
      values((program) => {
        const room = program.space(24, "room");
        const length = program.control("decimal", [number, offsetOf(room)], { result: "length" });
        const word = program.control("load", [offsetOf(room), 4], { result: "word" });
        program.control("report", [KIND, length]);
        program.control("report", [KIND, word]);
      });
    expect(digits(0)).toEqual([1, 0x30]);
    expect(digits(409)).toEqual([3, 0x39_30_34]);
  });

  test("forks: the child goes on, the parent jumps, and knows how the child ended", () => {
    const { reports, status } = runToEnd((program) => {
      const clone = new Uint32Array(22);
      clone[8] = 17;
      const parent = program.label();
      const child = program.fork(program.structure(clone, "SIGCHLD"), "child", parent);
      program.control("report", [KIND, 1]);
      program.control("exit", [5]);
      program.endFork(parent);
      const siginfo = program.space(128, "siginfo");
      program.call("waitid", [1, child, siginfo, 4, 0]);
      program.control("exit_as", [offsetOf(siginfo)]);
    });
    expect(reports.map(({ value }) => value)).toEqual([1]);
    expect(status).toEqual({ code: 5 });
  });

  test("receives what it is sent, and exits when the sender is gone", () => {
    const program = new ProgramBuilder(hostArchitecture);
    const room = program.space(16, "room");
    const receive = [REPORT_REGISTER, offsetOf(room), 16] as const;
    const length = program.control("receive", receive, { result: "length" });
    program.control("report", [KIND, length]);
    program.control("receive", receive);
    const stage: StageProcess = launchProgram(program.finish());
    stage.send("hello");
    expect(stage.receive()?.value).toBe(5);
    stage[Symbol.dispose]();
    expect(waitForPid(stage.pid)).toEqual({ code: EXIT_ABANDONED });
  });

  test("polls with a deadline", () => {
    const build = (program: ProgramBuilder) => {
      const late = program.label();
      program.control("poll", [REPORT_REGISTER, 1, 20], {
        caught: { errnos: [Errno.ETIMEDOUT], target: late },
      });
      program.control("report", [KIND, 1]);
      program.place(late);
      program.control("report", [KIND, 2]);
    };
    expect(values(build)).toEqual([2]);
  });

  test("resets ignored signals but for those that are to stay ignored", () => {
    const SIGPIPE_BIT = 1 << 12;
    const ignored = (low: number) =>
      values((program) => {
        program.control("reset_signals", [low, 0]);
        const action = program.space(32, "action");
        program.call("rt_sigaction", [13, 0, action, 8]);
        const handler = program.control("load", [offsetOf(action), 8], { result: "handler" });
        program.control("report", [KIND, handler]);
      });
    expect(ignored(0)).toEqual([0]);
    expect(ignored(SIGPIPE_BIT)).toEqual([1]);
  });

  test("does not write beyond its scratch", () => {
    const { reports } = runToEnd((program) => {
      const room = program.space(8, "room");
      program.call("getcwd", [room, 1 << 20], { caught: { errnos: "any" } });
      program.call("pread64", [0, room, 0, 0], { caught: { errnos: "any" } });
      const path = program.text("/proc/self/maps");
      const fd = program.call("openat", [-100, path, 0], { result: "fd" });
      const read = program.call("read", [fd, room, 1 << 20], { result: "read" });
      program.control("report", [KIND, read]);
    });
    const [{ value = 0 } = {}] = reports;
    expect(value).toBeLessThanOrEqual(4096);
  });
});
