// What every guest of the lane promises to the tests that follow. Debian's own runtimes stand in for
// a program that is known to work: where they fail, the machine is at fault.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "./guest.ts";
import { runTrue } from "./peer-container.ts";
import { run } from "./run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

describe.skipIf(!isGuest())("the guest", () => {
  test("has cgroup v2 and nothing of v1", () => {
    const types = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(" /sys/fs/cgroup"))
      .map((line) => line.split(" - ")[1]?.split(" ")[0]);
    expect(types).toEqual(["cgroup2"]);
  });

  test("has the controllers that containers are limited by", () => {
    const controllers = readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").trim().split(" ");
    expect(controllers).toEqual(
      expect.arrayContaining(["cpuset", "cpu", "io", "memory", "pids", "hugetlb"]),
    );
  });

  test("has PID 1 of its kind", () => {
    const name = readFileSync("/proc/1/comm", "utf8").trim();
    expect(name).toBe(process.env["OCICAT_VM"] === "systemd" ? "systemd" : "plain-init");
  });

  test("has a kernel before the newest interfaces", () => {
    expect(readFileSync("/proc/sys/kernel/osrelease", "utf8")).toStartWith("6.1.");
  });

  test("mounts overlay and makes dummy interfaces", async () => {
    const folder = mkdtempSync("/tmp/ocicat-self-check-");
    const script = [
      `cd ${folder}`,
      "mkdir lower upper work merged",
      "mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged",
      "umount merged",
      "ip link add self-check type dummy",
      "ip link delete self-check",
    ];
    const result = await run(["sh", "-c", script.join(" && ")]);
    rmSync(folder, { recursive: true });
    expect(result).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test.each(["/usr/bin/crun", "/usr/sbin/runc"])("runs a container with %s", async (runtime) => {
    expect(await runTrue(runtime, [])).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});
