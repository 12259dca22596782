// What config-linux.md says of seccomp, in real containers: actions, errors, agents, and the filter's
// place among the privileges.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { syscallNumber } from "../../src/abi/syscall-tables/lookup.ts";
import type { Process } from "../../src/oci/process.ts";
import type { SeccompProfile, SeccompSyscall } from "../../src/oci/seccomp.ts";
import { create } from "../../src/runtime/create.ts";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { execDetached } from "../../src/runtime/exec.ts";
import { start } from "../../src/runtime/start.ts";
import { waitUntilStopped } from "../../src/runtime/wait.ts";
import { waitForPid } from "../../src/sys/process.ts";
import dockerDefault from "../fixtures/docker-default-seccomp.json" with { type: "json" };
import { NEEDS_ROOT, Scratch } from "../hostile/scratch.ts";
import { compileHosted, missingTools, SANITIZED } from "../native/compiler.ts";
import { SeccompAgent } from "./seccomp-agent.ts";

const scratch = new Scratch();

afterEach(() => expect(scratch.leftovers()).toEqual([]));
afterAll(() => scratch.remove());

const NATIVE = process.arch === "x64" ? "x86_64" : "aarch64";
const ENOMEDIUM = 123;
const MKDIR = ["mkdir", "mkdirat"];
const WITHOUT_PROMISE: Partial<Process> = { noNewPrivileges: false };

function mkdirAnswers(more: Partial<SeccompSyscall>): SeccompProfile {
  const rule: SeccompSyscall = { names: MKDIR, action: "SCMP_ACT_ERRNO", ...more };
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule] };
}

describe.skipIf(NEEDS_ROOT)("a seccomp profile (as root)", () => {
  test.each([true, false])("answers with errnoRet; no new privileges: %p", async (promise) => {
    const bundle = scratch.bundle({
      process: { noNewPrivileges: promise },
      linux: { seccomp: mkdirAnswers({ errnoRet: ENOMEDIUM }) },
      script:
        "busybox mkdir /new; busybox grep -E 'Cap(Prm|Eff)|NoNew|^Seccomp:' /proc/self/status",
    });
    const output = await scratch.outputOf(bundle);
    expect(output).toContain("No medium found");
    expect(output).toMatch(/Seccomp:\t2/);
    expect(output).toMatch(promise ? /NoNewPrivs:\t1/ : /NoNewPrivs:\t0/);
    // Neither has the privilege by which the filter was loaded: CAP_SYS_ADMIN is bit 21.
    const sets = [...output.matchAll(/Cap\w+:\t(\w+)/g)].map(([, set]) => BigInt(`0x${set}`));
    expect(sets).toHaveLength(2);
    expect(sets.filter((set) => ((set >> 21n) & 1n) === 1n)).toEqual([]);
  });

  test("without errnoRet the error is EPERM", async () => {
    const seccomp = mkdirAnswers({});
    const bundle = scratch.bundle({ linux: { seccomp }, script: "busybox mkdir /new || true" });
    expect(await scratch.outputOf(bundle)).toContain("Operation not permitted");
  });

  test("answers with defaultErrnoRet what nothing allows", async () => {
    const profile = { ...dockerDefault, defaultErrnoRet: ENOMEDIUM } as SeccompProfile;
    const bundle = scratch.bundle({
      linux: { seccomp: profile },
      script: "mount -t tmpfs none /tmp || true",
    });
    expect(await scratch.outputOf(bundle)).toContain("No medium found");
  });

  test.each(["SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"] as const)(
    "%s ends the process by SIGSYS",
    async (action) => {
      const seccomp = mkdirAnswers({ action });
      const args = ["/bin/busybox", "mkdir", "/new"];
      const bundle = scratch.bundle({ linux: { seccomp }, args });
      expect(await scratch.run(bundle)).toEqual({ code: 128 + 31 });
      expect(existsSync(join(bundle.root, "new"))).toBe(false);
    },
  );

  test("SCMP_ACT_LOG lets the call pass", async () => {
    const seccomp = mkdirAnswers({ action: "SCMP_ACT_LOG" });
    const bundle = scratch.bundle({ linux: { seccomp }, args: ["/bin/busybox", "mkdir", "/new"] });
    expect(await scratch.run(bundle)).toEqual({ code: 0 });
    expect(existsSync(join(bundle.root, "new"))).toBe(true);
  });

  test("is loaded with all flags, also with an agent's", async () => {
    using agent = new SeccompAgent();
    const flags = [
      "SECCOMP_FILTER_FLAG_TSYNC",
      "SECCOMP_FILTER_FLAG_LOG",
      "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
      "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
    ] as const;
    const seccomp = {
      ...mkdirAnswers({ action: "SCMP_ACT_NOTIFY" }),
      listenerPath: agent.path,
      flags,
    };
    expect(await scratch.run(scratch.bundle({ linux: { seccomp } }))).toEqual({ code: 0 });
    using supervised = agent.accept();
    expect(supervised.state.fds).toEqual(["seccompFd"]);
  });

  test("that stops the runtime itself is refused, with the rule that does", async () => {
    const stops = (names: string[], more: Partial<Process>) => {
      const rule = { names, action: "SCMP_ACT_ERRNO" } as const;
      const seccomp: SeccompProfile = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule] };
      return scratch.run(scratch.bundle({ linux: { seccomp }, process: more }));
    };
    await expect(stops(["capset"], WITHOUT_PROMISE)).rejects.toThrow(
      "load linux.seccomp: linux.seccomp.syscalls[0] does not allow capset",
    );
    expect(await stops(["capset"], {})).toEqual({ code: 0 });
    await expect(stops(["execve"], {})).rejects.toThrow("does not allow execve");
  });
});

describe.skipIf(NEEDS_ROOT || missingTools(SANITIZED).length > 0)(
  "numbers of system calls (as root, with a C compiler)",
  () => {
    const program = join(scratch.folder, "seccomp-call");

    beforeAll(() => {
      const target = { ...SANITIZED, flags: ["-O1", "-static"] };
      compileHosted(target, ["test/native/seccomp-call.c"], program);
    });

    test("newer than the profile answer ENOSYS, forbidden ones EPERM", async () => {
      const calls = [1999, syscallNumber(NATIVE, "mount"), syscallNumber(NATIVE, "getuid")];
      const bundle = scratch.bundle({
        linux: { seccomp: dockerDefault as SeccompProfile },
        script: calls.map((number) => `/bin/seccomp-call /allow 0 native ${number}`).join("\n"),
        image: (root) => {
          copyFileSync(program, join(root, "bin/seccomp-call"));
          // One instruction: return SECCOMP_RET_ALLOW.
          writeFileSync(join(root, "allow"), new Uint8Array([6, 0, 0, 0, 0, 0, 0xff, 0x7f]));
        },
      });
      expect(await scratch.outputOf(bundle)).toBe("-38\n-1\n0\n");
    });
  },
);

describe.skipIf(NEEDS_ROOT)("the agent of a profile (as root)", () => {
  const asking = (agent: SeccompAgent, metadata?: string): SeccompProfile => ({
    ...mkdirAnswers({ action: "SCMP_ACT_NOTIFY" }),
    listenerPath: agent.path,
    ...(metadata === undefined ? {} : { listenerMetadata: metadata }),
  });

  test("gets the descriptor with the state, and answers in the container's place", async () => {
    using agent = new SeccompAgent();
    const bundle = scratch.bundle({
      linux: { seccomp: asking(agent, "of the test") },
      script: "busybox mkdir /new; echo $?; exec busybox true",
    });
    const spec = { ...bundle.spec, annotations: { "com.example": "kept" } };
    const options = scratch.options({ ...bundle, spec });
    const { pid } = await create(options);
    start(options);
    using supervised = agent.accept();
    expect(supervised.state).toEqual({
      ociVersion: spec.ociVersion,
      fds: ["seccompFd"],
      pid,
      metadata: "of the test",
      state: {
        ociVersion: spec.ociVersion,
        id: options.id,
        status: "created",
        pid,
        bundle: bundle.path,
        annotations: { "com.example": "kept" },
      },
    });
    const numbers = MKDIR.map((name) => syscallNumber(NATIVE, name));
    expect(numbers).toContain(supervised.failNext(ENOMEDIUM));
    await waitUntilStopped(options);
    const output = readFileSync(join(bundle.root, "out"), "utf8");
    expect(output).toMatch(/No medium found\n1\n$/);
    deleteContainer(options);
  });

  test.each([true, false])(
    "gets it beside hooks that read the state too; no new privileges: %p",
    async (promise) => {
      using agent = new SeccompAgent();
      const copy = (name: string) => ({
        path: "/bin/sh",
        args: ["sh", "-c", `cat > ${name}`],
      });
      const bundle = scratch.bundle({
        linux: { seccomp: asking(agent) },
        process: { noNewPrivileges: promise },
        script: "busybox mkdir /new || exec busybox true",
        hooks: { startContainer: [copy("/inside")] },
        image: (root) => writeFileSync(join(root, "inside"), ""),
      });
      const options = scratch.options(bundle);
      const { pid } = await create(options);
      start(options);
      using supervised = agent.accept();
      expect(supervised.state).toMatchObject({ fds: ["seccompFd"], pid });
      supervised.failNext(ENOMEDIUM);
      await waitUntilStopped(options);
      const read = JSON.parse(readFileSync(join(bundle.root, "inside"), "utf8"));
      expect(read).toMatchObject({ id: options.id, status: "created", pid });
      deleteContainer(options);
    },
  );

  test("gets one for each process of exec too", async () => {
    using agent = new SeccompAgent();
    const bundle = scratch.bundle({
      linux: { seccomp: asking(agent) },
      args: ["/bin/sleep", "1000"],
    });
    using container = await scratch.started(bundle);
    using first = agent.accept();
    expect(first.state.pid).toBe(container.pid);
    const args = ["/bin/sh", "-c", "busybox mkdir /new 2>/out; echo $? >>/out"];
    const { stateRoot, id } = container;
    const { pid } = await execDetached({
      stateRoot,
      id,
      process: (own) => ({ user: { uid: 0, gid: 0 }, cwd: "/", ...own, args }),
    });
    using second = agent.accept();
    expect(second.state).toMatchObject({ pid, state: { status: "running", pid: container.pid } });
    second.failNext(ENOMEDIUM);
    // It is our child: the container cannot end before we have reaped it.
    expect(waitForPid(pid)).toEqual({ code: 0 });
    const output = readFileSync(join(bundle.root, "out"), "utf8");
    expect(output).toMatch(/No medium found\n1\n$/);
  });

  test("leaves the process no child that nobody knows of", async () => {
    using agent = new SeccompAgent();
    const bundle = scratch.bundle({
      linux: { seccomp: asking(agent) },
      script: "cat /proc/1/task/1/children; exec busybox true",
    });
    expect(await scratch.outputOf(bundle)).toMatch(/^\d+ $/);
    using supervised = agent.accept();
    expect(supervised.state.fds).toEqual(["seccompFd"]);
  });

  test("that is not there fails the container, and is named", async () => {
    const seccomp = { ...mkdirAnswers({ action: "SCMP_ACT_NOTIFY" }), listenerPath: "/nowhere" };
    await expect(scratch.run(scratch.bundle({ linux: { seccomp } }))).rejects.toThrow("/nowhere");
  });
});
