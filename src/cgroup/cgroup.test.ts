// Real cgroups of this machine, below /ocicat-test-RANDOM in each tree: they need root and are removed
// afterwards. What a layout lacks is skipped by name.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { SIGKILL, SIGTERM } from "../abi/process.ts";
import { createCgroup } from "./create.ts";
import { connectToBus } from "./dbus/connection.ts";
import { delegateCgroup } from "./delegate.ts";
import { detectCgroupHost } from "./detect.ts";
import { applyDevices } from "./devices.ts";
import { entryFor, joinFor } from "./entry.ts";
import { freeze, isFrozen, thaw } from "./freeze.ts";
import { planCgroup } from "./intent.ts";
import { killAll } from "./kill.ts";
import { directoriesOf, mainDirectory, pidsBelow, pidsOf } from "./members.ts";
import { countOomKills, openOomSource } from "./oom.ts";
import { parentPath } from "./path-names.ts";
import { removeCgroup } from "./remove.ts";
import { applyResources } from "./resources.ts";
import { startScope, stopScope } from "./scope.ts";
import { readStats } from "./stats.ts";
import { isSystemdRunning, Systemd, type UnitProperty } from "./systemd.ts";
import type { ContainerCgroup, V1Cgroup, V2Cgroup } from "./types.ts";

const SYSTEM_BUS = "/run/dbus/system_bus_socket";
const isRoot = process.geteuid?.() === 0;
const host = isRoot ? detectCgroupHost() : undefined;
const hasV1 = (host?.hierarchies.length ?? 0) > 0;
const unified = host?.unified?.mountPoint;
const controllers = new Set(host?.hierarchies.flatMap((hierarchy) => hierarchy.controllers));

const name = `ocicat-test-${crypto.randomUUID().slice(0, 8)}`;
let cgroup: ContainerCgroup;
let children: ReturnType<typeof Bun.spawn>[] = [];

/** A cgroup of the host's own layout. */
function makeOwn(): ContainerCgroup {
  return createCgroup(
    planCgroup({
      containerId: "x",
      cgroupsPath: `/${name}/inner`,
      systemd: false,
      rootless: false,
    }),
  );
}

/** One in the v2 tree alone: a hybrid host has that too, without controllers. */
function makeUnified(): V2Cgroup {
  const record: V2Cgroup = {
    tree: "v2",
    keeper: { kind: "cgroupfs" },
    rootless: false,
    explicit: true,
    path: `${unified}/${name}/inner`,
  };
  createCgroup(record);
  return record;
}

function asV1(record: ContainerCgroup): V1Cgroup {
  if (record.tree !== "v1") {
    throw new Error("not a v1 cgroup");
  }
  return record;
}

/** A shell that moves itself into the directories, then becomes `command`. */
function spawnInside(directories: readonly string[], command: string) {
  const moves = directories.map((directory) => `echo 0 > ${directory}/cgroup.procs`);
  const child = Bun.spawn(["sh", "-c", [...moves, command].join("; ")], {
    stdout: "pipe",
    stderr: "pipe",
  });
  children.push(child);
  return child;
}

async function until(isDone: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isDone()) {
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within 60 s`);
    }
    await Bun.sleep(2);
  }
}

async function startInside(record: ContainerCgroup, command = "exec sleep 1000") {
  const child = spawnInside(directoriesOf(record), command);
  const isIn = (directory: string): boolean => pidsBelow(directory).includes(child.pid);
  await until(() => directoriesOf(record).every(isIn), "the child enters");
  return child;
}

function read(path: string): string {
  return readFileSync(path, "utf8").trim();
}

function cleanUp(): void {
  killAll(cgroup, SIGKILL);
  removeCgroup(cgroup);
  for (const directory of directoriesOf(cgroup)) {
    const parent = parentPath(directory);
    if (existsSync(parent)) {
      rmdirSync(parent);
    }
  }
}

async function reap(): Promise<void> {
  for (const child of children) {
    child.kill("SIGKILL");
    await child.exited;
  }
  children = [];
}

describe.skipIf(!isRoot)("a cgroup of this host's layout (needs root)", () => {
  beforeEach(() => {
    cgroup = makeOwn();
  });
  afterEach(async () => {
    cleanUp();
    await reap();
    expect(directoriesOf(cgroup).filter((directory) => existsSync(directory))).toEqual([]);
  });

  test("has a directory in every tree, and processes can enter", async () => {
    const directories = directoriesOf(cgroup);
    expect(directories.filter((directory) => !existsSync(directory))).toEqual([]);
    const { into, tasks, needsScope } = entryFor(cgroup);
    expect(needsScope).toBe(false);
    expect(tasks.filter((file) => !existsSync(file))).toEqual([]);
    expect(into).toEqual(unified === undefined ? [] : [`${unified}/${name}/inner`]);
    const child = await startInside(cgroup);
    expect(pidsOf(cgroup)).toEqual([child.pid]);
    const lines = read(`/proc/${child.pid}/cgroup`).split("\n");
    expect(lines.filter((line) => !line.endsWith(`:/${name}/inner`))).toEqual([]);
  });

  test("is not taken over while it has processes, and is when it is empty", async () => {
    const child = await startInside(cgroup);
    expect(() => makeOwn()).toThrow("container's cgroup is not empty: 1 process(es) found");
    expect(pidsOf(cgroup)).toEqual([child.pid]);
    child.kill("SIGKILL");
    await until(() => pidsOf(cgroup).length === 0, "the child leaves");
    expect(makeOwn()).toEqual(cgroup);
    freeze(cgroup);
    expect(() => makeOwn()).toThrow("container's cgroup unexpectedly frozen");
    thaw(cgroup);
  });

  test("freezes what runs and lets it go on", async () => {
    await startInside(cgroup, "while :; do sleep 0.001; done");
    expect(isFrozen(cgroup)).toBe(false);
    freeze(cgroup);
    expect(isFrozen(cgroup)).toBe(true);
    freeze(cgroup);
    thaw(cgroup);
    expect(isFrozen(cgroup)).toBe(false);
  });

  test("SIGKILL reaches frozen processes, those that forked and those of sub-cgroups", async () => {
    const main = mainDirectory(cgroup) ?? "";
    const forking = "(sleep 1000 &) ; while :; do sleep 0.01 & done";
    await startInside(cgroup, forking);
    const sub = `mkdir -p ${main}/sub/deep; echo 0 > ${main}/sub/deep/cgroup.procs; exec sleep 1000`;
    const nested = spawnInside(directoriesOf(cgroup), sub);
    const isNested = (): boolean =>
      existsSync(`${main}/sub/deep`) && read(`${main}/sub/deep/cgroup.procs`) !== "";
    await until(isNested, "the nested process enters");
    expect(pidsOf(cgroup)).toContain(nested.pid);
    freeze(cgroup);
    expect(killAll(cgroup, SIGKILL)).toBe(true);
    removeCgroup(cgroup);
    expect(existsSync(main)).toBe(false);
  });

  test("other signals reach every process, and a paused container stays paused", async () => {
    const child = await startInside(cgroup);
    freeze(cgroup);
    expect(killAll(cgroup, SIGTERM)).toBe(true);
    expect(isFrozen(cgroup)).toBe(true);
    expect(child.exitCode).toBeNull();
    thaw(cgroup);
    await child.exited;
    expect(child.signalCode).toBe("SIGTERM");
  });

  test("is not removed under a living process, which the error names; twice is as good", async () => {
    const child = await startInside(cgroup);
    expect(() => removeCgroup(cgroup, 50)).toThrow(`processes ${child.pid} stay in it`);
    child.kill("SIGKILL");
    removeCgroup(cgroup);
    removeCgroup(cgroup);
  });

  test("its statistics count", async () => {
    await startInside(cgroup, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exec sleep 1000");
    const spent = (): number => Number(readStats(cgroup).cpu.usage.total ?? 0);
    await until(() => spent() > 1_000_000, "CPU time is counted");
    expect(Number(readStats(cgroup).pids.current ?? 0)).toBeGreaterThanOrEqual(hasV1 ? 1 : 0);
  });

  test("an exec joins it, with init's own cgroup as the next best", async () => {
    const child = await startInside(cgroup);
    expect(joinFor(cgroup, child.pid)).toEqual(entryFor(cgroup));
    const elsewhere = joinFor(cgroup, process.pid);
    expect(elsewhere.tasks).toEqual(entryFor(cgroup).tasks);
    expect(elsewhere.into).toHaveLength(unified === undefined ? 0 : 2);
  });
});

describe.skipIf(!isRoot || !hasV1)("cgroup v1 (needs root and v1 controllers)", () => {
  beforeEach(() => {
    cgroup = makeOwn();
  });
  afterEach(async () => {
    cleanUp();
    await reap();
  });

  test.skipIf(!controllers.has("cpuset"))("a cpuset has its parent's CPUs and nodes", () => {
    const { cpuset = "" } = asV1(cgroup).paths;
    const root = parentPath(parentPath(cpuset));
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      expect(read(`${cpuset}/${file}`)).toBe(read(`${root}/${file}`));
    }
  });

  test.skipIf(!controllers.has("memory"))("memory and swap can be raised and lowered", () => {
    const { memory = "" } = asV1(cgroup).paths;
    const hasSwap = existsSync(`${memory}/memory.memsw.limit_in_bytes`);
    for (const megabytes of [100, 400, 50, 200]) {
      const limit = megabytes * 1024 * 1024;
      applyResources(cgroup, { memory: { limit, ...(hasSwap ? { swap: limit * 2 } : {}) } });
      expect(read(`${memory}/memory.limit_in_bytes`)).toBe(String(limit));
    }
    applyResources(cgroup, { memory: { limit: -1, swappiness: 10, useHierarchy: true } });
    expect(Number(read(`${memory}/memory.limit_in_bytes`))).toBeGreaterThan(2 ** 60);
  });

  test.skipIf(!controllers.has("cpu"))("a shorter period waits for the smaller quota", () => {
    const { cpu = "" } = asV1(cgroup).paths;
    const parent = parentPath(cpu);
    writeFileSync(`${parent}/cpu.cfs_quota_us`, "50000");
    applyResources(cgroup, { cpu: { quota: 50_000, period: 100_000, shares: 512 } });
    applyResources(cgroup, { cpu: { quota: 5000, period: 10_000 } });
    expect(read(`${cpu}/cpu.cfs_period_us`)).toBe("10000");
    expect(read(`${cpu}/cpu.cfs_quota_us`)).toBe("5000");
  });

  test("a limit of a controller that is not there names both", () => {
    const { paths } = asV1(cgroup);
    const { memory: _, ...others } = paths;
    const lacking: V1Cgroup = { ...asV1(cgroup), paths: others };
    const limits = { memory: { limit: 1024 * 1024 } };
    expect(() => applyResources(lacking, limits)).toThrow(
      'set linux.resources.memory.limit to "1048576": this host has no cgroup v1 controller "memory"',
    );
    expect(() => applyResources({ ...lacking, rootless: true }, limits)).toThrow(
      "cannot set memory limit: container could not join or create cgroup",
    );
  });

  test.skipIf(!controllers.has("pids"))(
    "what the kernel refuses names place, file and errno",
    () => {
      const { pids = "" } = asV1(cgroup).paths;
      expect(() => applyResources(cgroup, { pids: { limit: 2 ** 40 } })).toThrow(
        `set linux.resources.pids.limit to "1099511627776" in "${pids}/pids.max": invalid argument (EINVAL)`,
      );
    },
  );

  test("a creation that fails half-way leaves nothing", () => {
    const record = asV1(cgroup);
    removeCgroup(cgroup);
    const broken: V1Cgroup = { ...record, paths: { ...record.paths, x: "/proc/none/x" } };
    expect(() => createCgroup(broken)).toThrow('make the cgroup "/proc/none/x"');
    expect(directoriesOf(cgroup).filter((directory) => existsSync(directory))).toEqual([]);
  });

  test("rootless goes without the trees that it may not use", () => {
    const record = asV1(cgroup);
    const readOnly = { ...record.paths, x: "/sys/kernel/x" };
    const intent: V1Cgroup = { ...record, paths: readOnly, rootless: true, explicit: false };
    const made = createCgroup(intent);
    expect(asV1(made).paths).toEqual(record.paths);
    expect(() => createCgroup({ ...intent, explicit: true })).toThrow("/sys/kernel/x");
  });

  test.skipIf(!controllers.has("devices"))("device rules are written in order", async () => {
    applyDevices(cgroup, [{ allow: false, access: "rwm" }]);
    const list = read(`${asV1(cgroup).paths["devices"]}/devices.list`).split("\n");
    expect(list).toContain("c 1:3 rwm");
    expect(list).not.toContain("a *:* rwm");
    const directories = directoriesOf(cgroup);
    expect(await spawnInside(directories, "(: < /dev/null)").exited).toBe(0);
    expect(await spawnInside(directories, "(: < /dev/kmsg)").exited).not.toBe(0);
    applyDevices(cgroup, [{ allow: true, type: "c", major: 1, minor: 11, access: "r" }]);
    expect(await spawnInside(directories, "(: < /dev/kmsg)").exited).toBe(0);
  });

  test.skipIf(!controllers.has("memory"))(
    "running out of memory is noticed, and the end",
    async () => {
      applyResources(cgroup, { memory: { limit: 16 * 1024 * 1024 } });
      using source = openOomSource(cgroup);
      expect(source.read()).toEqual({ oom: false, ended: false });
      const child = spawnInside(directoriesOf(cgroup), "exec tail /dev/zero");
      await child.exited;
      expect(source.read()).toEqual({ oom: true, ended: false });
      expect(countOomKills(cgroup)).toBe(1);
      removeCgroup(cgroup);
      expect(source.read()).toEqual({ oom: false, ended: true });
    },
  );
});

describe.skipIf(!isRoot || unified === undefined)("the v2 tree (needs root and cgroup2)", () => {
  beforeEach(() => {
    cgroup = makeUnified();
  });
  afterEach(async () => {
    cleanUp();
    await reap();
  });

  test("freezes, thaws and kills by the kernel's own switch", async () => {
    const child = await startInside(cgroup, "while :; do sleep 0.01 & done");
    freeze(cgroup);
    expect(isFrozen(cgroup)).toBe(true);
    expect(read(`${mainDirectory(cgroup)}/cgroup.events`)).toContain("frozen 1");
    expect(killAll(cgroup, SIGKILL)).toBe(true);
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    removeCgroup(cgroup);
  });

  test("is given away with the files that the kernel lists", () => {
    delegateCgroup(cgroup, { uid: 100_000, gid: 200_000 });
    const path = mainDirectory(cgroup) ?? "";
    for (const file of ["", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"]) {
      const { uid, gid } = statSync(`${path}${file}`);
      expect([file, uid, gid]).toEqual([file, 100_000, 200_000]);
    }
    expect(statSync(`${path}/cgroup.freeze`).uid).toBe(0);
  });

  test("a device filter applies at once, and its successor replaces it", async () => {
    const path = mainDirectory(cgroup) ?? "";
    const exitOf = async (device: string): Promise<number> =>
      await spawnInside([path], `: < ${device}`).exited;
    expect(await exitOf("/dev/kmsg")).toBe(0);
    applyDevices(cgroup, []);
    expect(await exitOf("/dev/zero")).toBe(0);
    expect(await exitOf("/dev/kmsg")).not.toBe(0);
    // Beside the older filter, which denies it, this one could allow nothing.
    applyDevices(cgroup, [{ allow: true, access: "rwm" }]);
    expect(await exitOf("/dev/kmsg")).toBe(0);
  });

  test("a limit of a controller that is not enabled says so", () => {
    const limits = { unified: { "none.max": "1" } };
    expect(() => applyResources(cgroup, limits)).toThrow(
      `linux.resources.unified["none.max"] can't be set: controller "none" not available`,
    );
  });
});

describe.skipIf(host?.layout !== "v2")(
  "cgroup v2 with controllers (needs root and v2 alone)",
  () => {
    beforeEach(() => {
      cgroup = makeOwn();
    });
    afterEach(async () => {
      cleanUp();
      await reap();
    });

    const file = (name_: string): string => read(`${mainDirectory(cgroup)}/${name_}`);

    test("has every controller of the root, and takes limits", () => {
      const wanted = read(`${unified}/cgroup.controllers`).split(" ");
      expect(file("cgroup.controllers").split(" ").sort()).toEqual(wanted.sort());
      applyResources(cgroup, {
        memory: { limit: 64 * 1024 * 1024, swap: 64 * 1024 * 1024, reservation: 1024 * 1024 },
        cpu: { shares: 1024, quota: 50_000, period: 100_000, cpus: "0" },
        pids: { limit: 0 },
        unified: { "memory.high": "33554432" },
      });
      expect(file("memory.max")).toBe("67108864");
      expect(file("memory.low")).toBe("1048576");
      expect(file("memory.high")).toBe("33554432");
      expect(file("cpu.weight")).toBe("100");
      expect(file("cpu.max")).toBe("50000 100000");
      expect(file("cpuset.cpus")).toBe("0");
      expect(file("pids.max")).toBe("1");
    });

    test("a limit below what is used is refused when the caller wants that", async () => {
      spawnInside(directoriesOf(cgroup), "x=$(head -c 1000000 /dev/zero | tr '\\0' x); sleep 1000");
      const usage = `${mainDirectory(cgroup)}/memory.current`;
      // What a process had before it came in is not counted, and what it takes now a little later.
      await until(() => Number(read(usage)) > 4096, "memory is used");
      const refused = { memory: { limit: 4096, checkBeforeUpdate: true } };
      expect(() => applyResources(cgroup, refused)).toThrow("rejecting memory limit 4096 <= usage");
    });

    test("a cgroup above with processes of its own is named", async () => {
      const above = parentPath(mainDirectory(cgroup) ?? "");
      removeCgroup(cgroup);
      const enabled = read(`${above}/cgroup.subtree_control`).split(" ");
      const disabled = enabled.map((controller) => `-${controller}`).join(" ");
      writeFileSync(`${above}/cgroup.subtree_control`, disabled);
      const child = spawnInside([above], "exec sleep 1000");
      await until(() => read(`${above}/cgroup.procs`) !== "", "the child enters");
      cgroup = makeOwn();
      expect(() => applyResources(cgroup, { memory: { limit: 1024 * 1024 } })).toThrow(
        `controller "memory" not available: not enabled in "${above}", which has processes of its own`,
      );
      child.kill("SIGKILL");
      await child.exited;
      await until(() => read(`${above}/cgroup.procs`) === "", "the child leaves");
    });

    test("running out of memory is noticed, and the end", async () => {
      applyResources(cgroup, { memory: { limit: 16 * 1024 * 1024, swap: 16 * 1024 * 1024 } });
      const child = await startInside(cgroup, "read line; exec tail /dev/zero");
      using source = openOomSource(cgroup);
      expect(source.read()).toEqual({ oom: false, ended: false });
      child.kill("SIGKILL");
      const greedy = spawnInside(directoriesOf(cgroup), "exec tail /dev/zero");
      await greedy.exited;
      await until(() => pidsOf(cgroup).length === 0, "both are gone");
      expect(source.read()).toEqual({ oom: true, ended: true });
      expect(countOomKills(cgroup)).toBe(1);
    });
  },
);

describe.skipIf(!isRoot || !isSystemdRunning())("systemd (needs root and systemd as PID 1)", () => {
  test("a scope is made around a process, limited, changed, and stopped", async () => {
    const request = { containerId: "x", systemd: true, rootless: false };
    cgroup = createCgroup(planCgroup({ ...request, cgroupsPath: `system.slice:ocicat:${name}` }));
    const path = mainDirectory(cgroup) ?? "";
    expect(path).toEndWith(`/system.slice/ocicat-${name}.scope`);
    expect(existsSync(path)).toBe(false);
    const child = spawnInside([], "exec sleep 1000");
    startScope(cgroup, child.pid, {
      containerId: "x",
      resources: { memory: { limit: 64 * 1024 * 1024 }, pids: { limit: 20 } },
      annotations: { "org.systemd.property.TimeoutStopSec": "uint64 1" },
    });
    try {
      expect(pidsOf(cgroup)).toEqual([child.pid]);
      expect(read(`${path}/memory.max`)).toBe("67108864");
      applyResources(cgroup, { cpu: { quota: 33_333, period: 100_000 }, pids: { limit: 30 } });
      expect(read(`${path}/cpu.max`)).toBe("34000 100000");
      expect(unitProperty("TasksMax")).toBe("30");
      expect(unitProperty("MemoryMax")).toBe("67108864");
      expect(unitProperty("TimeoutStopUSec")).toBe("1s");
      applyDevices(cgroup, []);
      expect(unitProperty("DevicePolicy")).toBe("strict");
      expect(await spawnInside([path], ": < /dev/zero").exited).toBe(0);
      expect(await spawnInside([path], ": < /dev/kmsg").exited).not.toBe(0);
    } finally {
      killAll(cgroup, SIGKILL);
      stopScope(cgroup);
      removeCgroup(cgroup);
      await reap();
    }
    expect(existsSync(path)).toBe(false);
    expect(unitProperty("LoadState")).toBe("not-found");
    stopScope(cgroup);
  });

  test.skipIf(!existsSync(SYSTEM_BUS))(
    "the same through the D-Bus daemon (needs dbus)",
    async () => {
      const unit = `ocicat-${name}.scope`;
      using systemd = new Systemd(connectToBus(SYSTEM_BUS));
      systemd.joinBroker();
      const child = spawnInside([], "exec sleep 1000");
      const properties: UnitProperty[] = [["PIDs", { signature: "au", value: [child.pid] }]];
      systemd.startUnit(unit, properties);
      expect(() => systemd.startUnit(unit, properties)).toThrow("UnitExists");
      expect(read(`/proc/${child.pid}/cgroup`)).toEndWith(`/system.slice/${unit}`);
      expect(systemd.version()).toBeGreaterThan(200);
      systemd.stopUnit(unit);
      await child.exited;
      expect(unitProperty("LoadState")).toBe("not-found");
    },
  );

  function unitProperty(property: string): string {
    const show = ["systemctl", "show", "--value", "-p", property, `ocicat-${name}.scope`];
    return Bun.spawnSync(show).stdout.toString().trim();
  }
});
