// The stage for aarch64, in an emulator: that the other processor's calls, entry point and program
// format work. What each operation does is tested in src/stage/launch.test.ts, on this machine's.
// The emulator has no clone3, so no program forks here.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { aarch64 } from "../../src/abi/aarch64.ts";
import { SOCK_SEQPACKET } from "../../src/abi/process.ts";
import { Errno } from "../../src/error/errno.ts";
import { offsetOf, ProgramBuilder, REPORT_REGISTER } from "../../src/program/builder.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { EXIT_FAILED, EXIT_REFUSED, REPORT_FAILED } from "../../src/program/opcodes.ts";
import { receiveReport, type StageReport } from "../../src/stage/launch.ts";
import { sealedData } from "../../src/sys/executable.ts";
import { close, writeAll } from "../../src/sys/file.ts";
import { encodeText } from "../../src/sys/memory.ts";
import { socketPair } from "../../src/sys/socket.ts";
import { compileNative, STAGE_SOURCES } from "../../tools/native.ts";
import { EMULATED_AARCH64, missingTools, TestFolder } from "./compiler.ts";

const KIND = 9;

describe.skipIf(missingTools(EMULATED_AARCH64).length > 0)(
  "stage for aarch64 (needs aarch64-linux-gnu-gcc and qemu-aarch64)",
  () => {
    const folder = new TestFolder();
    const stage = folder.file("stage");

    beforeAll(async () => {
      await compileNative("aarch64", STAGE_SOURCES, stage);
    });

    afterAll(() => {
      folder.remove();
    });

    /** Runs the stage on these bytes; `sent` waits on its socket, and nothing follows it. */
    async function runBytes(content: Uint8Array, sent?: string) {
      const programFd = sealedData("program", content);
      const [ours, theirs] = socketPair(SOCK_SEQPACKET);
      const child = Bun.spawn([...EMULATED_AARCH64.runner, stage, "3", "4"], {
        stdio: ["ignore", "pipe", "inherit", programFd, theirs],
      });
      close(programFd);
      close(theirs);
      if (sent !== undefined) {
        writeAll(ours, encodeText(sent), "the stage's socket");
      }
      const reports: StageReport[] = [];
      for (let next = receiveReport(ours); next !== undefined; next = receiveReport(ours)) {
        reports.push(next);
      }
      close(ours);
      const stdout = await new Response(child.stdout).text();
      return { status: await child.exited, stdout, reports };
    }

    function run(build: (program: ProgramBuilder) => void, sent?: string) {
      const program = new ProgramBuilder(aarch64);
      build(program);
      return runBytes(encodeProgram(program.finish()), sent);
    }

    test("makes system calls with addresses, numbers and registers, and exits", async () => {
      const outcome = await run((program) => {
        const digits = program.space(24, "digits");
        const wanted = program.control("expect", [5, 4, 4, Errno.EIO], { result: "wanted" });
        const fd = program.call("dup", [1], { result: "fd" });
        const length = program.control("decimal", [0x1_0000_0007, offsetOf(digits)], {
          result: "length",
        });
        program.call("write", [fd, digits, length]);
        program.control("report", [KIND, length]);
        program.control("report", [KIND, wanted]);
        program.control("exit", [7]);
      });
      expect(outcome.stdout).toBe("4294967303");
      expect(outcome.reports.map(({ value }) => value)).toEqual([10, 0]);
      expect(outcome.status).toBe(7);
    });

    test("reports an error that nobody catches", async () => {
      const { status, reports } = await run((program) => {
        const after = program.label();
        const caught = { errnos: [Errno.ENOENT], target: after };
        program.call("chdir", [program.text("/no")], { caught });
        program.control("exit", [1]);
        program.place(after);
        program.call("chdir", [program.text("/neither")]);
      });
      expect(reports).toEqual([{ kind: REPORT_FAILED, op: 2, value: Errno.ENOENT }]);
      expect(status).toBe(EXIT_FAILED);
    });

    test("executes a program with its arguments and variables", async () => {
      const { status, stdout } = await run((program) => {
        program.call("execve", [
          program.text("/bin/sh"),
          program.stringVector(["sh", "-c", 'echo "$0 $V"; exit 4', "name"], "arguments"),
          program.stringVector(["V=value"], "variables"),
        ]);
      });
      expect(stdout).toBe("name value\n");
      expect(status).toBe(4);
    });

    test("receives", async () => {
      const { reports } = await run((program) => {
        const room = program.space(16, "room");
        const args = [REPORT_REGISTER, offsetOf(room), 16];
        const count = program.control("receive", args, { result: "count" });
        program.control("report", [KIND, count]);
        const word = program.control("load", [offsetOf(room), 2], { result: "word" });
        program.control("report", [KIND, word]);
        program.control("exit", [0]);
      }, "ab");
      expect(reports.map(({ value }) => value)).toEqual([2, 0x6261]);
    });

    test("polls with a deadline", async () => {
      const { reports } = await run((program) => {
        program.control("poll", [REPORT_REGISTER, 1, 10]);
      });
      expect(reports).toEqual([{ kind: REPORT_FAILED, op: 0, value: Errno.ETIMEDOUT }]);
    });

    test("refuses what is no program", async () => {
      expect((await runBytes(new Uint8Array(4000))).status).toBe(EXIT_REFUSED);
    });
  },
);
