import { expect, test } from "bun:test";
import { processDetails } from "../../engine/containers/process-details.ts";
import { describedProcesses, parseDescriptors } from "./top-descriptors.ts";

test.each<[string, readonly string[] | undefined]>([
  ["pid user args", ["pid", "user", "args"]],
  ["pid,user %C", ["pid", "user", "pcpu"]],
  ["-ef", undefined],
  ["aux", undefined],
  ["pid aux", undefined],
  ["", undefined],
  ["constructor", undefined],
])("%p", (text, expected) => {
  expect(parseDescriptors(text.split(" ").filter(Boolean))).toEqual(expected);
});

const PROCESS = {
  hostPid: 4000,
  pid: 7,
  parentPid: 1,
  groupLeader: 7,
  command: "sh",
  args: ["sh", "-c", "a\nb\x1b[2J"],
  state: "S",
  nice: 5,
  terminal: "pts/0",
  cpuMs: 1500,
  elapsedMs: 3_732_500,
  virtualSize: 4320,
  residentSize: 900,
  users: { real: "app", effective: "root", onHost: "100000" },
  groups: { real: "app", effective: "root", onHost: "100000", further: ["wheel", "20"] },
  capabilities: { CapEff: "00000000000000a3", CapBnd: "000001ffffffffff", CapAmb: "0" },
  seccomp: "2",
  label: "",
};

test.each<[string, string]>([
  ["pid ppid hpid pgid", "7 1 4000 7"],
  ["user ruser huser", "root app 100000"],
  ["group rgroup hgroup groups", "root app 100000 wheel,20"],
  ["comm args", "sh sh -c a b\\x1b[2J"],
  ["capeff capbnd capamb", "CHOWN,DAC_OVERRIDE,KILL,SETUID full none"],
  ["seccomp state nice tty", "filter S 5 pts/0"],
  ["etime time pcpu", "1h2m12.5s 1.5s 0.040"],
  ["vsz rss", "4320 900"],
])("%p", (names, expected) => {
  const [head = "", line = ""] = describedProcesses(names.split(" "), [PROCESS]).split("\n");
  expect(head).toMatch(/^[A-Z%]/);
  expect(line.replaceAll(/ {2,}/g, " ").trim()).toBe(expected);
});

test("the processes of this machine are described", () => {
  const [own] = processDetails([process.pid, 2 ** 22 + 1]);
  expect(own).toMatchObject({ hostPid: process.pid, state: expect.stringMatching(/^[RS]$/) });
  expect(own?.args[0]).toContain("bun");
  expect(own?.residentSize).toBeGreaterThan(1000);
  expect(Object.keys(own?.capabilities ?? {})).toContain("CapEff");
});
