import { describe, expect, test } from "bun:test";
import { x86_64 } from "../abi/x86-64.ts";
import { Errno } from "../error/errno.ts";
import { flags, named, offsetOf, ProgramBuilder } from "./builder.ts";
import { listProgram } from "./listing.ts";

describe("listProgram", () => {
  test("shows calls, results, errors and reasons, a fork's child indented", () => {
    const program = new ProgramBuilder(x86_64);
    program.because("linux.namespaces");
    const parent = program.label();
    program.fork(program.structure(new Uint32Array(22), "NEWPID"), "init", parent);
    program.because("mounts[0]");
    const done = program.label();
    const fd = program.call(
      "openat",
      [named(-100, "CWD"), program.text("/a"), flags(3, { A: 1 })],
      {
        result: "fd",
        caught: { errnos: [Errno.ENOENT], target: done },
      },
    );
    program.control("store", [fd, offsetOf(program.space(8, "room"), 4), 4]);
    program.place(done);
    program.endFork(parent);
    const columns = listProgram(program.finish())
      .split("\n")
      .map((line) => line.trimEnd().replace(/ {2,}/g, "  "));
    expect(columns).toEqual([
      "  0  fork(NEWPID, 88, parent continues at 3)  = init  linux.namespaces",
      '  1  openat(CWD, "/a", A|0x2)  = fd  mounts[0]',
      "  ENOENT: continue at 3",
      "  2  store(fd, room+4, 4)  mounts[0]",
      "",
    ]);
  });

  test("calls an error without a target ignored", () => {
    const program = new ProgramBuilder(x86_64);
    program.call("getpid", [], { caught: { errnos: "any" } });
    expect(listProgram(program.finish())).toContain("any error: ignored");
  });
});
