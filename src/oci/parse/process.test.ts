import { expect, test } from "bun:test";
import { type Edits, faultsAfter, REMOVED } from "./edit.fixture.ts";

const DEADLINE = { policy: "SCHED_DEADLINE", runtime: 2, deadline: 3, period: 4 };

const ROWS: readonly (readonly [what: string, edits: Edits, faults: readonly string[]])[] = [
  ["no process at all", { process: REMOVED }, []],
  ["no program", { "process.args": [] }, ["process.args: must name a program"]],
  ["an empty program", { "process.args[0]": "" }, ["process.args: must name a program"]],
  [
    "no arguments, no folder",
    { "process.args": REMOVED, "process.cwd": "" },
    ["process.args: required", "process.cwd: required"],
  ],
  [
    "variables without a name or a value",
    { "process.env": ["A", "=b", "c="] },
    [
      'process.env[0]: "A" is not of the form NAME=value',
      'process.env[1]: "=b" is not of the form NAME=value',
    ],
  ],
  [
    "a console that no terminal has",
    { "process.consoleSize": { height: 65_536 } },
    [
      "process.consoleSize.width: required",
      "process.consoleSize.height: 65536 is not within 0 to 65535",
    ],
  ],
  [
    "ids beyond 32 bits",
    {
      "process.user": { uid: -1, gid: 4_294_967_296, umask: 0o1000, additionalGids: [1, -1, "x"] },
    },
    [
      "process.user.uid: -1 is not within 0 to 4294967295",
      "process.user.gid: 4294967296 is not within 0 to 4294967295",
      "process.user.umask: 512 is not within 0 to 511",
      "process.user.additionalGids[1]: -1 is not within 0 to 4294967295",
      "process.user.additionalGids[2]: must be an integer, is a string",
    ],
  ],
  ["half a user", { "process.user.gid": REMOVED }, ["process.user.gid: required"]],
  [
    "rlimits: unknown, twice, upside down",
    {
      "process.rlimits": [
        { type: "RLIMIT_FUTURE", hard: 1, soft: 1 },
        { type: "RLIMIT_CPU", hard: 1, soft: 2 },
        { type: "RLIMIT_CPU", hard: 1 },
      ],
    },
    [
      'process.rlimits[0].type: "RLIMIT_FUTURE" is none of RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO, RLIMIT_RTTIME',
      "process.rlimits[1].soft: 2 is above the hard limit 1",
      "process.rlimits[2].soft: required",
      'process.rlimits[2].type: "RLIMIT_CPU" occurs twice',
    ],
  ],
  [
    "an unlimited soft limit under a limited hard one",
    { "process.rlimits": [{ type: "RLIMIT_AS", hard: 5, soft: 2n ** 64n - 1n }] },
    ["process.rlimits[0].soft: 18446744073709551615 is above the hard limit 5"],
  ],
  [
    "a score out of range",
    { "process.oomScoreAdj": -1001 },
    ["process.oomScoreAdj: -1001 is not within -1000 to 1000"],
  ],
  [
    "an unknown policy and flag",
    { "process.scheduler": { policy: "SCHED_EXT", flags: ["SCHED_FLAG_X"] } },
    [
      'process.scheduler.policy: "SCHED_EXT" is none of SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE',
      'process.scheduler.flags[0]: "SCHED_FLAG_X" is none of SCHED_FLAG_RESET_ON_FORK, SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_UTIL_CLAMP_MIN, SCHED_FLAG_UTIL_CLAMP_MAX',
    ],
  ],
  [
    "a scheduler without a policy",
    { "process.scheduler": {} },
    ["process.scheduler.policy: required"],
  ],
  [
    "what the policy has no use for",
    { "process.scheduler": { policy: "SCHED_OTHER", nice: 20, priority: 1, period: 5 } },
    [
      "process.scheduler.nice: 20 is not within -20 to 19",
      "process.scheduler.priority: needs the policy SCHED_FIFO or SCHED_RR",
      "process.scheduler.period: needs the policy SCHED_DEADLINE",
    ],
  ],
  [
    "a real-time policy",
    { "process.scheduler": { policy: "SCHED_RR", priority: 99, deadline: 0 } },
    [],
  ],
  [
    "a real-time policy without a priority",
    { "process.scheduler": { policy: "SCHED_FIFO", priority: 0 } },
    ["process.scheduler.priority: 0 is not within 1 to 99"],
  ],
  ["a deadline", { "process.scheduler": DEADLINE }, []],
  [
    "a deadline that cannot be met",
    { "process.scheduler": { ...DEADLINE, runtime: 5, deadline: 4, period: 3 } },
    [
      "process.scheduler.runtime: 5 is above the deadline 4",
      "process.scheduler.deadline: 4 is above the period 3",
    ],
  ],
  [
    "an unknown class of I/O",
    { "process.ioPriority": { class: "IOPRIO_CLASS_NONE", priority: 8 } },
    [
      'process.ioPriority.class: "IOPRIO_CLASS_NONE" is none of IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE',
      "process.ioPriority.priority: 8 is not within 0 to 7",
    ],
  ],
  [
    "lists of CPUs that are none",
    { "process.execCPUAffinity": { initial: "3-1", final: "0-" } },
    [
      'process.execCPUAffinity.initial: "3-1" is not a list such as "0-3,7"',
      'process.execCPUAffinity.final: "0-" is not a list such as "0-3,7"',
    ],
  ],
  ["CPUs beyond 1024", { "process.execCPUAffinity": { initial: "0-2047,4095" } }, []],
];

test.each(ROWS)("%s", (_what, edits, faults) => {
  expect(faultsAfter(edits)).toEqual([...faults]);
});
