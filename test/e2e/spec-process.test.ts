// What config.md says of the process, and config-linux.md of where it runs, seen from inside. What most
// containers have (user, environment, rlimits, terminal) is in process.test.ts and terminal.test.ts.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { join } from "node:path";
import { readOwnCapabilities } from "../../src/host/capabilities.ts";
import type { Linux } from "../../src/oci/linux.ts";
import { CAPABILITIES, type Process } from "../../src/oci/process.ts";
import { create } from "../../src/runtime/create.ts";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { queryState } from "../../src/runtime/query-state.ts";
import { start } from "../../src/runtime/start.ts";
import { type BundleOptions, NEEDS_ROOT, Scratch } from "../hostile/scratch.ts";

const [kernelMajor = 0, kernelMinor = 0] = release().split(".").map(Number);
const KERNEL_HAS_WEIGHTED_INTERLEAVE = kernelMajor > 6 || (kernelMajor === 6 && kernelMinor >= 9);

const scratch = new Scratch();

afterEach(() => expect(scratch.leftovers()).toEqual([]));
afterAll(() => scratch.remove());

function output(script: string, process: Partial<Process>, linux: Partial<Linux> = {}) {
  return scratch.outputOf(scratch.bundle({ script, process, linux }));
}

/** Policy, real-time priority and nice value of process 1: fields 41, 40 and 19 of proc(5)'s stat. */
async function schedulingOf(options: BundleOptions): Promise<readonly [string, string, string]> {
  const text = await scratch.outputOf(scratch.bundle({ ...options, script: "cat /proc/1/stat" }));
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return [fields[38] ?? "", fields[37] ?? "", fields[16] ?? ""];
}

describe.skipIf(NEEDS_ROOT)("scheduler (as root)", () => {
  test.each<[string, Process["scheduler"] & object, [string, string, string]]>([
    ["OTHER with a nice value", { policy: "SCHED_OTHER", nice: 7 }, ["0", "0", "7"]],
    ["OTHER with a high priority", { policy: "SCHED_OTHER", nice: -5 }, ["0", "0", "-5"]],
    ["BATCH", { policy: "SCHED_BATCH", nice: 1 }, ["3", "0", "1"]],
    ["IDLE", { policy: "SCHED_IDLE" }, ["5", "0", "0"]],
    ["FIFO", { policy: "SCHED_FIFO", priority: 10 }, ["1", "10", "0"]],
    [
      "RR, not for children",
      { policy: "SCHED_RR", priority: 20, flags: ["SCHED_FLAG_RESET_ON_FORK"] },
      ["2", "20", "0"],
    ],
  ])("%s", async (_title, scheduler, expected) => {
    // Real-time scheduling is rationed by cgroups, from the root of their tree on.
    const cgroupsPath = `/ocicat-real-time-${process.pid}`;
    const cpu = { realtimeRuntime: 10_000, realtimePeriod: 1_000_000 };
    const rations = existsSync("/sys/fs/cgroup/cpu/cpu.rt_runtime_us");
    const linux: Partial<Linux> = rations ? { cgroupsPath, resources: { cpu } } : { cgroupsPath };
    expect(await schedulingOf({ process: { scheduler }, linux })).toEqual(expected);
    expect(existsSync(`/sys/fs/cgroup/cpu${cgroupsPath}`)).toBe(false);
  });

  test("that the kernel refuses is named", async () => {
    const scheduler = { policy: "SCHED_DEADLINE", runtime: 1, deadline: 1 } as const;
    await expect(output("true", { scheduler })).rejects.toThrow(
      "process.scheduler: set the scheduler: invalid argument",
    );
  });
});

describe.skipIf(NEEDS_ROOT)("where a process runs (as root)", () => {
  test.each([
    ["IOPRIO_CLASS_RT", 0, "realtime: prio 0"],
    ["IOPRIO_CLASS_BE", 6, "best-effort: prio 6"],
    ["IOPRIO_CLASS_IDLE", 0, "idle"],
  ] as const)("with the I/O priority %s", async (name, priority, expected) => {
    const ioPriority = { class: name, priority };
    expect(await output("busybox ionice -p 1", { ioPriority })).toStartWith(expected);
  });

  test.each([
    ["MPOL_BIND", "0", "bind:0"],
    ["MPOL_INTERLEAVE", "0", "interleave:0"],
    ["MPOL_PREFERRED", "0", "prefer:0"],
    ["MPOL_PREFERRED_MANY", "0", "prefer (many):0"],
    ["MPOL_LOCAL", undefined, "local"],
    ["MPOL_DEFAULT", undefined, "default"],
  ] as const)("with the memory policy %s", async (mode, nodes, expected) => {
    const memoryPolicy = nodes === undefined ? { mode } : { mode, nodes };
    const maps = await output("cat /proc/self/numa_maps", {}, { memoryPolicy });
    expect(maps).toContain(` ${expected} `);
  });

  test.skipIf(!KERNEL_HAS_WEIGHTED_INTERLEAVE)(
    "with the memory policy MPOL_WEIGHTED_INTERLEAVE (needs Linux 6.9)",
    async () => {
      const memoryPolicy = { mode: "MPOL_WEIGHTED_INTERLEAVE", nodes: "0" } as const;
      const maps = await output("cat /proc/self/numa_maps", {}, { memoryPolicy });
      expect(maps).toContain(" weighted interleave:0 ");
    },
  );

  test("with flags of a memory policy", async () => {
    const memoryPolicy = {
      mode: "MPOL_BIND",
      nodes: "0",
      flags: ["MPOL_F_STATIC_NODES"],
    } as const;
    const maps = await output("cat /proc/self/numa_maps", {}, { memoryPolicy });
    expect(maps).toContain(" bind=static:0 ");
  });

  test("on memory nodes that are not there: refused, and named", async () => {
    const memoryPolicy = { mode: "MPOL_BIND", nodes: "900" } as const;
    await expect(output("true", {}, { memoryPolicy })).rejects.toThrow(
      "linux.memoryPolicy: set the memory policy: invalid argument",
    );
  });

  test.skipIf(process.arch !== "x64")("as a 32-bit machine", async () => {
    const personality = { domain: "LINUX32" } as const;
    expect(await output("busybox uname -m", {}, { personality })).toBe("i686\n");
    const native = { domain: "LINUX" } as const;
    expect(await output("busybox uname -m", {}, { personality: native })).toBe("x86_64\n");
  });

  test.skipIf(availableParallelism() < 2)("of exec: on its own CPUs", async () => {
    const bundle = scratch.bundle({ args: ["/bin/sleep", "1000"] });
    using container = await scratch.started(bundle);
    const args = ["/bin/sh", "-c", "busybox grep Cpus_allowed_list /proc/self/status > /out"];
    const allowed = async (execCPUAffinity: NonNullable<Process["execCPUAffinity"]>) => {
      expect(await container.exec({ args, execCPUAffinity })).toEqual({ code: 0 });
      return readFileSync(join(bundle.root, "out"), "utf8").split(/\s+/)[1];
    };
    expect(await allowed({ initial: "0", final: "1" })).toBe("1");
    expect(await allowed({ final: "0" })).toBe("0");
    expect(await allowed({})).toBe(allowedHere());
  });
});

function allowedHere(): string | undefined {
  return /Cpus_allowed_list:\s+(\S+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
}

describe.skipIf(NEEDS_ROOT)("capabilities (as root)", () => {
  const SHOW = "busybox grep ^Cap /proc/self/status";

  async function setsOf(capabilities: Process["capabilities"] & object, uid = 0) {
    const user = { uid, gid: uid };
    const text = await output(SHOW, { capabilities, user });
    const sets = [...text.matchAll(/Cap(\w+):\t(\w+)/g)];
    return Object.fromEntries(sets.map(([, name = "", set]) => [name, namesOf(`0x${set}`)]));
  }

  function namesOf(set: string): string[] {
    return CAPABILITIES.filter((_, number) => ((BigInt(set) >> BigInt(number)) & 1n) === 1n);
  }

  test("each set is what it is told to be, for a user that is not root", async () => {
    const sets = await setsOf(
      {
        bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW", "CAP_FOWNER"],
        permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_FOWNER"],
        inheritable: ["CAP_CHOWN", "CAP_KILL"],
        effective: ["CAP_FOWNER"],
        ambient: ["CAP_CHOWN"],
      },
      1000,
    );
    // As capabilities(7) has it, an execve leaves a user without root the ambient ones.
    expect(sets).toEqual({
      Bnd: ["CAP_CHOWN", "CAP_FOWNER", "CAP_KILL", "CAP_NET_RAW"],
      Inh: ["CAP_CHOWN", "CAP_KILL"],
      Prm: ["CAP_CHOWN"],
      Eff: ["CAP_CHOWN"],
      Amb: ["CAP_CHOWN"],
    });
  });

  test("root has the bounding ones at its execve", async () => {
    const bounding = ["CAP_CHOWN", "CAP_KILL"];
    expect(await setsOf({ bounding, permitted: bounding })).toMatchObject({
      Bnd: bounding,
      Prm: bounding,
      Eff: bounding,
      Amb: [],
    });
  });

  test("none are had where none are given", async () => {
    expect(await setsOf({})).toEqual({ Bnd: [], Inh: [], Prm: [], Eff: [], Amb: [] });
  });

  test("those that Linux does not know, or that cannot be given, are warned of", async () => {
    const own = readOwnCapabilities();
    const missing = CAPABILITIES.find((_, number) => !own.has(number));
    const names = ["CAP_CHOWN", "CAP_FLY", ...(missing === undefined ? [] : [missing])];
    const warnings: string[] = [];
    const sets = { bounding: names, effective: names, permitted: names };
    const bundle = scratch.bundle({ process: { capabilities: sets } });
    const onWarning = (text: string) => warnings.push(text);
    expect(await scratch.run(bundle, { onWarning })).toEqual({ code: 0 });
    expect(warnings).toContain(
      'process.capabilities.effective[1]: unknown capability "CAP_FLY" is ignored',
    );
    const given = warnings.filter((text) => text.includes(`"${missing}" cannot be given here`));
    expect(given).toHaveLength(missing === undefined ? 0 : 2);
  });
});

describe.skipIf(NEEDS_ROOT)("the process (as root)", () => {
  test("of a variable that occurs twice the last one counts, PATH included", async () => {
    const bundle = scratch.bundle({
      process: { env: ["A=first", "PATH=/nowhere", "HOME=/a", "A=last", "PATH=/bin"] },
      args: ["env-of-mine"],
      image: (root) => {
        writeFileSync(join(root, "bin/env-of-mine"), "#!/bin/sh\nbusybox env > /out\n");
        chmodSync(join(root, "bin/env-of-mine"), 0o755);
      },
    });
    const lines = (await scratch.outputOf(bundle)).trim().split("\n").sort();
    expect(lines.filter((line) => !/^(PWD|SHLVL|_)=/.test(line))).toEqual([
      "A=last",
      "HOME=/a",
      "PATH=/bin",
    ]);
  });

  test("umask: its own, or the caller's", async () => {
    const user = { uid: 0, gid: 0 };
    expect(await output("umask", { user: { ...user, umask: 0o27 } })).toBe("0027\n");
    const own = process.umask(0o31);
    try {
      expect(await output("umask", { user })).toBe("0031\n");
    } finally {
      process.umask(own);
    }
  });

  test("there may be none: then the container is created, and never started", async () => {
    const bundle = scratch.bundle();
    const { process: _, ...spec } = bundle.spec;
    const options = scratch.options(bundle);
    const config = { ...spec, linux: { ...spec.linux, cgroupsPath: `${scratch.cgroup}/none` } };
    const withoutProcess = { ...options, config: JSON.stringify(config) };
    await create(withoutProcess);
    expect(queryState(options).status).toBe("created");
    expect(() => start(options)).toThrow("cannot start a container without a process");
    expect(queryState(options).status).toBe("created");
    deleteContainer(options);
    await expect(scratch.run(bundle, { config: withoutProcess.config })).rejects.toThrow(
      "its configuration has no process",
    );
  });
});

describe.skipIf(NEEDS_ROOT)("what this kernel does not have (as root)", () => {
  test.skipIf(existsSync("/sys/module/apparmor"))("AppArmor: refused", async () => {
    await expect(output("true", { apparmorProfile: "some-profile" })).rejects.toThrow(
      "apply process.apparmorProfile: AppArmor is not enabled in this kernel",
    );
  });

  test.skipIf(existsSync("/sys/fs/selinux/enforce"))("SELinux: refused", async () => {
    const label = "system_u:system_r:svirt_lxc_net_t:s0";
    await expect(output("true", { selinuxLabel: label })).rejects.toThrow(
      "apply process.selinuxLabel: SELinux is not enabled in this kernel",
    );
    await expect(output("true", {}, { mountLabel: label })).rejects.toThrow(
      "apply linux.mountLabel: SELinux is not enabled in this kernel",
    );
  });

  const hasResctrl = readFileSync("/proc/self/mountinfo", "utf8").includes(" - resctrl ");

  test.skipIf(hasResctrl)("resctrl: refused before anything is made", async () => {
    await expect(output("true", {}, { intelRdt: { closID: "gold" } })).rejects.toThrow(
      "apply linux.intelRdt: no resctrl file system is mounted",
    );
  });
});

test.skipIf(NEEDS_ROOT)("a poststop hook that fails is warned of (as root)", async () => {
  const failing = { path: "/bin/sh", args: ["sh", "-c", "echo the reason >&2; exit 4"] };
  const told = join(scratch.folder, "after");
  const next = { path: "/bin/sh", args: ["sh", "-c", `echo called > ${told}`] };
  const warnings: string[] = [];
  const bundle = scratch.bundle({ hooks: { poststop: [failing, next] } });
  const onWarning = (text: string) => warnings.push(text);
  expect(await scratch.run(bundle, { onWarning })).toEqual({ code: 0 });
  expect(warnings).toEqual([
    'run the hook "/bin/sh" of hooks.poststop[0]: exit status 4: the reason',
  ]);
  expect(readFileSync(told, "utf8")).toBe("called\n");
});

test.skipIf(NEEDS_ROOT)("limits of cgroup v2 alone are refused elsewhere (as root)", async () => {
  const isUnified = existsSync("/sys/fs/cgroup/cgroup.controllers");
  const resources = { unified: { "memory.high": "100000000" } };
  const running = scratch.run(scratch.bundle({ linux: { resources } }));
  const outcome = await running.then(
    () => "accepted",
    (error) => String(error.message),
  );
  expect(outcome).toMatch(isUnified ? /^accepted$/ : /linux\.resources\.unified/);
});

test.skipIf(NEEDS_ROOT)("a create that fails calls the poststop hooks (as root)", async () => {
  mkdirSync(join(scratch.folder, "told"));
  const told = join(scratch.folder, "told/state");
  const hook = (script: string) => ({ path: "/bin/sh", args: ["sh", "-c", script] });
  const bundle = scratch.bundle({
    hooks: { createRuntime: [hook("exit 3")], poststop: [hook(`cat > ${told}`)] },
  });
  await expect(scratch.run(bundle)).rejects.toThrow("hooks.createRuntime[0]: exit status 3");
  expect(JSON.parse(readFileSync(told, "utf8"))).toMatchObject({ status: "stopped" });
});
