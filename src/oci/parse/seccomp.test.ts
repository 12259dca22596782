import { expect, test } from "bun:test";
import { encodeDocument } from "../encode.ts";
import { SECCOMP_ACTIONS, SECCOMP_ARCHITECTURES } from "../seccomp.ts";
import { decodeSeccompProfile } from "./config.ts";
import { faultsOf } from "./edit.fixture.ts";

const ALLOW = { defaultAction: "SCMP_ACT_ALLOW" };

/** Paths without the leading "linux.seccomp". */
const ROWS: readonly (readonly [what: string, profile: unknown, faults: readonly string[]])[] = [
  ["the smallest", ALLOW, []],
  [
    "unknown names",
    {
      defaultAction: "SCMP_ACT_X",
      architectures: ["SCMP_ARCH_VAX"],
      flags: ["SECCOMP_FILTER_FLAG_NEW_LISTENER"],
      syscalls: [{ names: ["a"], action: "ALLOW", args: [{ index: 0, value: 0, op: "EQ" }] }],
    },
    [
      `defaultAction: "SCMP_ACT_X" is none of ${SECCOMP_ACTIONS.join(", ")}`,
      `architectures[0]: "SCMP_ARCH_VAX" is none of ${SECCOMP_ARCHITECTURES.join(", ")}`,
      'flags[0]: "SECCOMP_FILTER_FLAG_NEW_LISTENER" is none of SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_SPEC_ALLOW, SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
      `syscalls[0].action: "ALLOW" is none of ${SECCOMP_ACTIONS.join(", ")}`,
      'syscalls[0].args[0].op: "EQ" is none of SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ',
    ],
  ],
  [
    "what is missing",
    { syscalls: [{ names: [], action: "SCMP_ACT_LOG" }, { args: [{}] }] },
    [
      "defaultAction: required",
      "syscalls[0].names: must name a system call",
      "syscalls[1].names: required",
      "syscalls[1].action: required",
      "syscalls[1].args[0].index: required",
      "syscalls[1].args[0].value: required",
      "syscalls[1].args[0].op: required",
    ],
  ],
  [
    "an error number without an error",
    {
      ...ALLOW,
      defaultErrnoRet: 1,
      syscalls: [
        { names: ["a"], action: "SCMP_ACT_KILL", errnoRet: 1 },
        { names: ["b"], action: "SCMP_ACT_TRACE", errnoRet: 65_535 },
        { names: ["c"], action: "SCMP_ACT_ERRNO", errnoRet: 65_536 },
      ],
    },
    [
      "defaultErrnoRet: SCMP_ACT_ALLOW returns no errno",
      "syscalls[0].errnoRet: SCMP_ACT_KILL returns no errno",
      "syscalls[2].errnoRet: 65536 is not within 0 to 65535",
    ],
  ],
  [
    "arguments that no call has",
    {
      ...ALLOW,
      syscalls: [
        {
          names: ["a"],
          action: "SCMP_ACT_LOG",
          args: [{ index: 6, value: -1, valueTwo: 2n ** 64n, op: "SCMP_CMP_MASKED_EQ" }],
        },
      ],
    },
    [
      "syscalls[0].args[0].index: 6 is not within 0 to 5",
      "syscalls[0].args[0].value: -1 is not within 0 to 18446744073709551615",
      "syscalls[0].args[0].valueTwo: 18446744073709551616 is not within 0 to 18446744073709551615",
    ],
  ],
  [
    "an agent that nobody can reach",
    {
      ...ALLOW,
      listenerMetadata: "x",
      syscalls: [{ names: ["mkdir", "write"], action: "SCMP_ACT_NOTIFY" }],
    },
    [
      'syscalls[0].action: SCMP_ACT_NOTIFY cannot be applied to "write"',
      "listenerMetadata: needs listenerPath",
      "listenerPath: required for SCMP_ACT_NOTIFY",
    ],
  ],
  [
    "an agent asked for everything",
    { defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "agent.sock" },
    [
      "defaultAction: SCMP_ACT_NOTIFY would leave no call to tell the agent with",
      'listenerPath: "agent.sock" is not an absolute path',
    ],
  ],
];

test.each(ROWS)("%s", (_what, profile, faults) => {
  const found = faultsOf(() => decodeSeccompProfile(encodeDocument(profile)));
  expect(found).toEqual(faults.map((fault) => `linux.seccomp.${fault}`));
});
