import { describe, expect, test } from "bun:test";
import { parseFlags } from "../flags.ts";
import { LIMIT_FLAGS } from "./resource-flags.ts";
import { parseLimits } from "./resource-options.ts";

const limits = (line: string) => parseLimits(parseFlags(LIMIT_FLAGS, line.split(" "), "anywhere"));

describe("limits", () => {
  test.each([
    "--memory 0",
    "--memory 0m --memory-swap 0 --memory-reservation 0",
    "--cpus 0 --cpu-shares 0",
    "--cpu-period 0 --cpu-quota 0",
    "--cpu-quota -1",
    "--blkio-weight 0 --pids-limit 0",
    "--cpuset-cpus= --cpuset-mems=",
  ])("%s is none", (line) => {
    expect(limits(line)).toEqual({});
  });

  test("what is none goes with what says the same", () => {
    expect(limits("--cpus .5 --cpu-quota 0")).toEqual({ cpus: 0.5 });
    expect(limits("--memory 64m --memory-swap 0")).toEqual({ memory: 64 * 2 ** 20 });
    expect(() => limits("--memory 0 --memory-swap 64m")).toThrow("it needs --memory");
  });
});
