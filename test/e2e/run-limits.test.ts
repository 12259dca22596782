// What `ocicat run` limits and sets for the processes of a container: cgroup, rlimits, sysctls, groups,
// devices, privilege.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NEEDS_FUSE = !existsSync("/dev/fuse");

describe.skipIf(NEEDS_ROOT)("as root: what a container may take", () => {
  const place = new ContainerPlace();
  let image = "";
  beforeAll(() => {
    image = place.image;
  });
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  const sh = (script: string, ...flags: string[]) =>
    place.output([...flags, image, "sh", "-c", script]);
  const refusal = async (...flags: string[]) => {
    const { status, stderr, stdout } = await place.run([...flags, image, "true"]);
    expect([status, stdout, stderr.trim().split("\n").length <= 2]).toEqual([125, "", true]);
    return stderr;
  };
  /** Of both versions of cgroups: the first file that is there. */
  const cgroup = (...files: string[]) =>
    `cd /sys/fs/cgroup; cat ${files.join(" ")} 2>/dev/null; true`;

  test("--ulimit", async () => {
    const script = "grep -E 'open files|core file' /proc/self/limits";
    const lines = (await sh(script, "--ulimit", "nofile=100:200", "--ulimit", "core=-1")).split(
      "\n",
    );
    expect(lines[0]).toMatch(/core file size +unlimited +unlimited/i);
    expect(lines[1]).toMatch(/open files +100 +200/);
    expect(await refusal("--ulimit", "wings=2")).toContain("the kernel has no limit wings");
  });

  test("--oom-score-adj", async () => {
    expect(await sh("cat /proc/self/oom_score_adj", "--oom-score-adj", "321")).toBe("321\n");
  });

  test("--group-add by number and by name", async () => {
    expect(await sh("id -G", "--group-add", "4321", "--group-add", "extra")).toBe("0 2000 4321\n");
    expect(await refusal("--group-add", "nobody-there")).toContain('the group "nobody-there"');
  });

  test("--sysctl", async () => {
    const flags = ["--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.msgmax=9000"];
    const script = "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax";
    expect(await sh(script, ...flags)).toBe("1\n9000\n");
    expect(await refusal("--sysctl", "kernel.panic=3")).toContain("the whole host has");
    expect(await refusal("--sysctl", "net.ipv4.ip_forward=1", "--network", "host")).toContain(
      "no network of its own",
    );
  });

  test("--shm-size", async () => {
    const line = await sh("grep ' /dev/shm ' /proc/mounts", "--shm-size", "3m");
    expect(line).toContain("size=3072k");
  });

  test("CPU: shares, a period and its quota, processors", async () => {
    const flags = ["--cpu-shares", "512", "--cpu-period", "50000", "--cpu-quota", "20000"];
    const files = ["cpu.weight", "cpu/cpu.shares", "cpu.max", "cpu/cpu.cfs_quota_us"];
    const [weight, quota] = (await sh(cgroup(...files), ...flags)).split("\n");
    expect(["20", "512", "59"]).toContain(weight ?? "");
    expect(quota).toMatch(/^20000( 50000)?$/);
    expect(await sh("nproc", "--cpuset-cpus", "0")).toBe("1\n");
    expect(await refusal("--cpuset-cpus", "zero")).toContain("not a list of numbers");
    expect(await refusal("--cpus", "1", "--cpu-quota", "5000")).toContain("--cpu-quota");
  });

  test("memory: a reservation; swap only with a limit", async () => {
    const files = ["memory.low", "memory/memory.soft_limit_in_bytes"];
    const flags = ["-m", "64m", "--memory-reservation", "32m"];
    expect(await sh(cgroup(...files), ...flags)).toBe(`${32 * 1024 * 1024}\n`);
    // Version 1 counts both together, where the kernel counts swap at all; version 2 swap alone, where that can be
    // told before.
    const swap = cgroup("memory.swap.max", "memory/memory.memsw.limit_in_bytes");
    const count = 64 * 1024 * 1024;
    expect(["", "max\n", `${count}\n`, `${2 * count}\n`]).toContain(await sh(swap, "-m", "64m"));
    expect(await refusal("--memory-swap", "64m")).toContain("it needs --memory");
    const inverse = await refusal("-m", "64m", "--memory-reservation", "65m");
    expect(inverse).toContain("it is more than --memory");
  });

  test("throttles name a device that is there", async () => {
    expect(await refusal("--device-read-bps", "/dev/no-such-disk:1m")).toContain(
      'the device "/dev/no-such-disk"',
    );
    expect(await refusal("--device-write-iops", "disk:1")).toContain("not of the form");
  });

  test.skipIf(NEEDS_FUSE)("--device, under another name, with less access", async () => {
    const script = "stat -c %t:%T /dev/fuse; (: < /dev/fuse) && echo open";
    expect(await sh(script, "--device", "/dev/fuse")).toBe("a:e5\nopen\n");
    expect(await sh("stat -c %t:%T /dev/wick", "--device", "/dev/fuse:/dev/wick")).toBe("a:e5\n");
    const write = "(: < /dev/fuse) && echo read; (: >> /dev/fuse) || echo refused";
    expect(await sh(write, "--device", "/dev/fuse:r")).toBe("read\nrefused\n");
    expect(await refusal("--device", "/dev/nothing")).toContain("no such file or directory");
    expect(await refusal("--device", "/etc/passwd")).toContain("neither a device nor a folder");
  });

  test("--privileged: capabilities, devices, cgroups and sysfs to write, nothing hidden", async () => {
    const script = `grep -E '^(CapEff|Seccomp):' /proc/self/status
      grep -cE ' /proc/(kcore|sys) ' /proc/mounts
      grep -E ' (/sys|/sys/fs/cgroup) ' /proc/mounts
      ls -d /dev/kmsg; (: < /dev/kmsg) && echo open`;
    const { stdout } = await place.run(["--privileged", image, "sh", "-c", script]);
    const [capabilities, seccomp, hidden, ...rest] = stdout.split("\n");
    const own = /^CapPrm:\t(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    expect(capabilities).toBe(`CapEff:\t${own}`);
    expect([seccomp, hidden]).toEqual(["Seccomp:\t0", "0"]);
    expect(rest.filter((line) => /^\S+ \/sys\S* \S+ rw,/.test(line)).length).toBeGreaterThan(0);
    expect(rest.filter((line) => / ro,/.test(line))).toEqual([]);
    expect(stdout).toContain("/dev/kmsg\nopen\n");
  });

  test("--annotation, --label-file, --cidfile", async () => {
    const labels = join(place.folder, "labels");
    const idFile = join(place.folder, "id");
    writeFileSync(labels, "# of the house\nroom=attic\ncolour=red\n");
    const flags = ["--label-file", labels, "-l", "colour=blue", "--annotation", "org.example=yes"];
    const id = place.detach("labelled", "sleep 100", "--cidfile", idFile, ...flags);
    expect(readFileSync(idFile, "utf8")).toBe(id);
    expect(await refusal("--cidfile", idFile)).toContain("there is a file of this name");
    const record = JSON.parse(
      readFileSync(join(place.folderOf("labelled"), "container.json"), "utf8"),
    );
    expect(record.options.labels).toEqual({ room: "attic", colour: "blue" });
    const state = JSON.parse(readFileSync(join(place.containerState, id, "state.json"), "utf8"));
    expect(JSON.stringify(state)).toContain("org.example");
    place.clear();
  });

  test("--init-path runs a program of the host's first", async () => {
    const init = join(place.folder, "init");
    writeFileSync(init, '#!/bin/sh\nshift\necho "init $$"\nexec "$@"\n', { mode: 0o755 });
    expect(await sh("echo $$", "--init-path", init)).toBe("init 1\n1\n");
  });

  test("ports and named networks are refused", async () => {
    expect(await refusal("-p", "80:80")).toContain("there are no networks with ports yet");
    expect(await refusal("--network", "front")).toContain("named networks are not there yet");
  });
});
