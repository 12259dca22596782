// The process: who it is, what limits and places it, what is executed.

import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Linux } from "../../src/oci/linux.ts";
import type { Process } from "../../src/oci/process.ts";
import { expectGolden } from "./expect-golden.ts";
import { createProgram, describeCases, execProgram, listingOf } from "./plan-listing.ts";

function process(more: Partial<Process>, ...places: string[]): string {
  return listingOf(createProgram({ process: more }), places);
}

function linux(more: Partial<Linux>, ...places: string[]): string {
  return listingOf(createProgram({ linux: { namespaces: [{ type: "mount" }], ...more } }), places);
}

const CAPABILITIES: Process["capabilities"] = {
  bounding: ["CAP_CHOWN", "CAP_SYS_RESOURCE", "CAP_BPF"],
  permitted: ["CAP_CHOWN", "CAP_SYS_RESOURCE"],
  effective: ["CAP_CHOWN"],
  inheritable: ["CAP_CHOWN"],
  ambient: ["CAP_CHOWN"],
};

test("the process", async () => {
  const withoutResource = new Set([0, 39]);
  const text = describeCases([
    [
      "user: groups, ids, umask",
      process({ user: { uid: 7, gid: 8, umask: 0o27, additionalGids: [9, 10] } }, "process.user"),
    ],
    ["capabilities: all sets", process({ capabilities: CAPABILITIES }, "process.capabilities")],
    [
      "capabilities that the runtime does not have are left out of what has to be given",
      listingOf(
        createProgram({
          process: { capabilities: CAPABILITIES },
          facts: { capabilities: withoutResource },
        }),
        ["process.capabilities"],
      ),
    ],
    ["no new privileges", process({ noNewPrivileges: true }, "process.noNewPrivileges")],
    [
      "limits",
      process(
        {
          oomScoreAdj: 500,
          rlimits: [
            { type: "RLIMIT_CORE", soft: 0, hard: 18446744073709551615n },
            { type: "RLIMIT_NOFILE", soft: 10, hard: 20 },
          ],
        },
        "process.rlimits",
        "process.oomScoreAdj",
      ),
    ],
    [
      "limits of a user namespace's process are set from outside, by who may",
      listingOf(
        createProgram({
          process: { oomScoreAdj: -5, rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }] },
          linux: {
            namespaces: [{ type: "mount" }, { type: "user" }],
            uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
            gidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
          },
        }),
        ["process.rlimits", "process.oomScoreAdj"],
      ),
    ],
    [
      "scheduler and I/O priority",
      process(
        {
          scheduler: { policy: "SCHED_FIFO", priority: 10 },
          ioPriority: { class: "IOPRIO_CLASS_BE", priority: 3 },
        },
        "process.scheduler",
        "process.ioPriority",
      ),
    ],
    [
      "memory policy and personality",
      linux(
        {
          memoryPolicy: { mode: "MPOL_BIND", nodes: "0-1,3", flags: ["MPOL_F_STATIC_NODES"] },
          personality: { domain: "LINUX32" },
        },
        "linux.memoryPolicy",
        "linux.personality",
      ),
    ],
    [
      "labels of AppArmor and SELinux, through the host's procfs",
      process(
        { apparmorProfile: "a-profile", selinuxLabel: "a:label" },
        "process.apparmorProfile",
        "process.selinuxLabel",
      ),
    ],
    [
      "a terminal",
      process(
        { terminal: true, consoleSize: { height: 25, width: 80 } },
        "process.terminal",
        "process.consoleSize",
      ),
    ],
    [
      "working directory and program",
      process(
        { cwd: "/work", args: ["tool", "-v"], env: ["A=1", "PATH=/x:/y", "A=2"] },
        "process.cwd",
        "process.args",
      ),
    ],
    [
      "CPUs of exec: before and after its cgroup",
      listingOf(execProgram({ process: { execCPUAffinity: { initial: "0", final: "1-3,7" } } }), [
        "process.execCPUAffinity",
        "linux.cgroupsPath",
      ]),
    ],
    [
      "resctrl groups, of init and of exec",
      listingOf(createProgram({ request: { resctrlTasks: ["/sys/fs/resctrl/gold/tasks"] } }), [
        "linux.intelRdt",
      ]) +
        listingOf(execProgram({}, { resctrlTasks: ["/sys/fs/resctrl/gold/tasks"] }), [
          "linux.intelRdt",
        ]),
    ],
    [
      "no process at all: created, never started",
      listingOf(createProgram({ process: "none", request: { end: { kind: "create" } } }), [
        "start",
      ]),
    ],
  ]);
  await expectGolden(join(import.meta.dir, "plan-process.txt"), text);
  expect(text).toMatch(/affinity\(0, 8, \{0\}\)[^#]*tasks, "0"[^#]*affinity\(0, 8, \{1-3,7\}\)/);
});

test("additional groups are refused where the user namespace has given them up", () => {
  const ownIds = [{ containerID: 0, hostID: 1000, size: 1 }];
  const rootless = (additionalGids: readonly number[]) =>
    createProgram({
      process: { user: { uid: 0, gid: 0, additionalGids } },
      linux: {
        namespaces: [{ type: "mount" }, { type: "user" }],
        uidMappings: ownIds,
        gidMappings: ownIds,
      },
      facts: { privileged: false, capabilities: new Set(), uid: 1000, gid: 1000 },
    });
  expect(listingOf(rootless([]), ["process.user"])).not.toContain("setgroups(");
  expect(() => rootless([5])).toThrow("set process.user.additionalGids");
});

test("an executed process that is held never has what is its holder's alone", () => {
  const end = {
    kind: "hold",
    stdin: true,
    directoryFd: 20,
    listenerFd: 21,
    primaryFd: 22,
  } as const;
  const text = listingOf(execProgram({}, { end: { ...end, removedPaths: ["/run/x.sock"] } }), [""]);
  expect(text).toMatch(/close\(22\)\n *close\(21\)\n *close\(20\)\n.*setns\(9, /s);
  expect(text).toMatch(/report\(PID, process\)\n *store\(process, .*exit\(0\)\n *wait4\(middle/s);
  expect(text).toMatch(/hold\(.*unlinkat\(CWD, "\/run\/x.sock", 0\)\n.*exit\(0\)\n$/s);
});

test("a filter that stops what our own init needs is refused, where there is one", () => {
  const end = { kind: "hold", stdin: false, directoryFd: 20 } as const;
  const program = (reaps: boolean, notifies = false) =>
    createProgram({
      process: { noNewPrivileges: true },
      facts: {
        seccomp: {
          filter: new Uint8Array(16),
          flags: 0,
          notifies,
          blocked: { rt_sigtimedwait: "linux.seccomp.syscalls[3]" },
        },
      },
      request: { end: { ...end, reaps }, ...(notifies ? { seccompListenerFd: 12 } : {}) },
    });
  expect(() => program(true)).toThrow(
    "linux.seccomp.syscalls[3] does not allow rt_sigtimedwait, which has to come after the filter",
  );
  expect(listingOf(program(true, true), ["process"])).toContain("reap(");
  expect(listingOf(program(false), ["process"])).not.toContain("reap(");
});

test("the order at the end", async () => {
  const seccomp = { filter: new Uint8Array(16), flags: 0, notifies: false, blocked: {} };
  const places = [
    "process.noNew",
    "process.capabilities",
    "process.user",
    "process.cwd",
    "linux.seccomp",
    "process.args",
  ];
  const order = (noNewPrivileges: boolean, notifies = false) =>
    listingOf(
      createProgram({
        process: { noNewPrivileges },
        facts: { seccomp: { ...seccomp, notifies } },
        request: notifies ? { seccompListenerFd: 12 } : {},
      }),
      places,
    );
  const text = describeCases([
    ["with the promise of no new privileges the filter is last", order(true)],
    ["without it CAP_SYS_ADMIN stays until the filter is loaded", order(false)],
    ["a helper sends the descriptor of a filter with an agent", order(true, true)],
  ]);
  await expectGolden(join(import.meta.dir, "plan-order.txt"), text);
  expect(text).toMatch(/SYS_ADMIN[^#]*seccomp\([^#]*capset[^#]*execve/);
});
