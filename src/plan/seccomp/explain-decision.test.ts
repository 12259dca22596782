import { describe, expect, test } from "bun:test";
import dockerDefault from "../../../test/fixtures/docker-default-seccomp.json" with {
  type: "json",
};
import { syscallNumber } from "../../abi/syscall-tables/lookup.ts";
import { SYSCALL_NAMES } from "../../abi/syscall-tables/names.ts";
import type { SyscallAbi } from "../../abi/syscall-tables/table.ts";
import type { SeccompProfile } from "../../oci/seccomp.ts";
import { describeReturn, lets } from "./actions.ts";
import { compileSeccomp } from "./compile.ts";
import { explainDecision, type KnownArguments, profileExplainer } from "./explain-decision.ts";
import { INTERFACES } from "./interfaces.ts";
import { simulateBpf } from "./simulate-bpf.ts";

const DOCKER_DEFAULT = dockerDefault as SeccompProfile;

const PROFILE: SeccompProfile = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  syscalls: [
    { names: ["read", "sethostname"], action: "SCMP_ACT_ALLOW" },
    {
      names: ["prctl"],
      action: "SCMP_ACT_ALLOW",
      args: [
        { index: 0, value: 38, op: "SCMP_CMP_EQ" },
        { index: 1, value: 1, op: "SCMP_CMP_EQ" },
      ],
    },
    {
      names: ["prctl"],
      action: "SCMP_ACT_KILL_PROCESS",
      args: [{ index: 0, value: 8, op: "SCMP_CMP_MASKED_EQ", valueTwo: 8 }],
    },
    { names: ["socket"], action: "SCMP_ACT_ALLOW" },
  ],
};

describe("the rule that decides", () => {
  const check = (
    name: string,
    args: KnownArguments,
    decision: string,
    abi: SyscallAbi = "x86_64",
  ) => {
    test(`${abi} ${name}(${args.map(String)}): ${decision}`, () => {
      const { action, rule, certain } = explainDecision(PROFILE, abi, name, args);
      const sureness = certain ? "" : "perhaps ";
      expect(`${sureness}${describeReturn(action)} by ${rule}`).toBe(decision);
    });
  };
  check("read", [], "ALLOW by linux.seccomp.syscalls[0]");
  check("write", [], "ERRNO(EPERM) by linux.seccomp.defaultAction");
  check("clone3", [], "ERRNO(ENOSYS) by linux.seccomp.defaultAction");
  check("prctl", [38, 1], "ALLOW by linux.seccomp.syscalls[1]");
  check("prctl", [38, 2], "ERRNO(EPERM) by linux.seccomp.defaultAction");
  check("prctl", [8, 0], "KILL_PROCESS by linux.seccomp.syscalls[2]");
  check("prctl", [38, undefined], "perhaps ERRNO(EPERM) by linux.seccomp.defaultAction");
  check("prctl", [undefined, 1], "perhaps KILL_PROCESS by linux.seccomp.syscalls[2]");
  check("prctl", [undefined, 2], "perhaps KILL_PROCESS by linux.seccomp.syscalls[2]");
  check("prctl", [], "perhaps KILL_PROCESS by linux.seccomp.syscalls[2]");
  check("prctl", [0x100000026n, 1], "ERRNO(EPERM) by linux.seccomp.defaultAction");
  check("prctl", [0x100000026n, 1], "ALLOW by linux.seccomp.syscalls[1]", "x86");
  check("socketcall", [1], "ALLOW by linux.seccomp.syscalls[3]", "x86");
  check("socketcall", [2], "ERRNO(EPERM) by linux.seccomp.defaultAction", "x86");
  check("read", [], "KILL_THREAD by linux.seccomp.architectures", "x32");
});

test("the native interface of the other architecture is explained without being listed", () => {
  const profile: SeccompProfile = { ...PROFILE, architectures: [] };
  expect(explainDecision(profile, "aarch64", "read").rule).toBe("linux.seccomp.syscalls[0]");
  expect(explainDecision(profile, "arm", "read").rule).toBe("linux.seccomp.architectures");
});

/** A profile that names calls of every interface and both names of an ARM call. */
const ARM_PROFILE: SeccompProfile = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
  syscalls: [
    { names: ["sync_file_range2", "set_tls", "mseal"], action: "SCMP_ACT_ALLOW" },
    {
      names: ["arm_sync_file_range"],
      action: "SCMP_ACT_KILL",
      args: [{ index: 0, value: 0, op: "SCMP_CMP_EQ" }],
    },
  ],
};

describe("an explanation is what the filter does", () => {
  const check = (
    name: string,
    profile: SeccompProfile,
    architecture: "x86_64" | "aarch64",
    abis: readonly SyscallAbi[],
  ): void => {
    test(name, () => {
      const { filter } = compileSeccomp(profile, { architecture });
      const calls = abis.flatMap((abi) =>
        SYSCALL_NAMES.split(" ").map((call) => ({ abi, call, number: syscallNumber(abi, call) })),
      );
      const explainers = new Map(abis.map((abi) => [abi, profileExplainer(profile, abi)]));
      const args = [0, 0, 0, 0, 0, 0];
      const wrong = calls.filter(({ abi, call, number }) => {
        const { token, numberBit } = INTERFACES[abi];
        const explained = explainers.get(abi)?.(call, args);
        return (
          number !== undefined &&
          explained?.action !== simulateBpf(filter, { arch: token, nr: number + numberBit, args })
        );
      });
      expect(calls.filter(({ number }) => number !== undefined).length).toBeGreaterThan(300);
      expect(wrong).toEqual([]);
    });
  };
  check("Docker's default profile", DOCKER_DEFAULT, "x86_64", ["x86_64", "x86", "x32"]);
  check("x86_64 and x86", PROFILE, "x86_64", ["x86_64", "x86", "x32"]);
  check("aarch64 and arm", ARM_PROFILE, "aarch64", ["aarch64", "arm"]);
});

test("what becomes of a call", () => {
  const of = (action: SeccompProfile["defaultAction"]): string =>
    lets(explainDecision({ defaultAction: action }, "x86_64", "read").action);
  expect(of("SCMP_ACT_ALLOW")).toBe("pass");
  expect(of("SCMP_ACT_LOG")).toBe("pass");
  expect(of("SCMP_ACT_TRACE")).toBe("ask");
  expect(of("SCMP_ACT_NOTIFY")).toBe("ask");
  expect(of("SCMP_ACT_ERRNO")).toBe("block");
  expect(of("SCMP_ACT_TRAP")).toBe("block");
  expect(of("SCMP_ACT_KILL")).toBe("block");
  expect(of("SCMP_ACT_KILL_PROCESS")).toBe("block");
});
