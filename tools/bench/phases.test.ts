import { expect, test } from "bun:test";
import { medianPhases, parsePhases } from "./phases.ts";

test("phases are read between other lines", () => {
  expect(parsePhases("hello\nphase parse 120 100\nphase launch 2500 800\nbye\n")).toEqual([
    { name: "parse", wallMicroseconds: 120, cpuMicroseconds: 100 },
    { name: "launch", wallMicroseconds: 2500, cpuMicroseconds: 800 },
  ]);
  expect(parsePhases("phase x\nphase y 1\n")).toEqual([]);
});

test("each phase has its own median", () => {
  const phase = (name: string, wallMicroseconds: number, cpuMicroseconds: number) => ({
    name,
    wallMicroseconds,
    cpuMicroseconds,
  });
  const runs = [
    [phase("a", 1, 5), phase("b", 10, 1)],
    [phase("a", 3, 4), phase("b", 30, 2)],
    [phase("a", 2, 3), phase("b", 20, 3)],
  ];
  expect(medianPhases(runs)).toEqual([phase("a", 2, 4), phase("b", 20, 2)]);
});
