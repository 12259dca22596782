// Device rules on cgroup v2 are an eBPF program on the cgroup: these tests ask the kernel, not the
// program, what it allows.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { DeviceCgroupRule } from "../../../src/oci/resources.ts";
import { CAPABILITIES_OF_ROOT, TestContainer } from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { ROOT_DISK } from "../root-disk.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const DENY_ALL: DeviceCgroupRule = { allow: false, access: "rwm" };
const DISK = { type: "b", ...ROOT_DISK } as const;

function containerWith(devices: readonly DeviceCgroupRule[]): Promise<TestContainer> {
  return TestContainer.start({
    process: { capabilities: CAPABILITIES_OF_ROOT },
    linux: { resources: { devices } },
  });
}

/** Makes the node of the root disk, reads a block, opens it for writing: as far as it gets. */
async function reach(container: TestContainer): Promise<string> {
  const { major, minor } = ROOT_DISK;
  const steps = [
    `mknod /tmp/disk b ${major} ${minor} && echo made`,
    "dd if=/tmp/disk of=/tmp/block count=1 && echo read",
    "dd if=/tmp/block of=/tmp/disk count=0 conv=notrunc && echo opened for writing",
  ];
  const result = await container.exec("sh", "-c", `${steps.join(" && ")}; true`);
  return result.stdout;
}

describe.skipIf(!isGuest("cgroup2"))("device rules on cgroup v2", () => {
  test("what is denied can be made, as every container may, but not opened", async () => {
    await using container = await containerWith([DENY_ALL]);
    expect(await reach(container)).toBe("made\n");
  });

  test("reading can be allowed by itself", async () => {
    await using container = await containerWith([DENY_ALL, { allow: true, ...DISK, access: "r" }]);
    expect(await reach(container)).toBe("made\nread\n");
  });

  test("what is allowed whole can be written", async () => {
    await using container = await containerWith([DENY_ALL, { allow: true, ...DISK, access: "rw" }]);
    expect(await reach(container)).toBe("made\nread\nopened for writing\n");
  });

  test("a later rule takes back what an earlier one allowed", async () => {
    await using container = await containerWith([
      DENY_ALL,
      { allow: true, type: "b", access: "rwm" },
      { allow: false, ...DISK, access: "w" },
    ]);
    expect(await reach(container)).toBe("made\nread\n");
  });

  test("a rule for another device allows nothing here", async () => {
    const other = { type: "b", major: ROOT_DISK.major, minor: ROOT_DISK.minor + 1 } as const;
    await using container = await containerWith([
      DENY_ALL,
      { allow: true, ...other, access: "rwm" },
      { allow: true, type: "c", access: "rwm" },
    ]);
    expect(await reach(container)).toBe("made\n");
  });

  test("the devices that every container has can be used", async () => {
    await using container = await containerWith([DENY_ALL]);
    const result = await container.exec(
      "sh",
      "-c",
      "dd if=/dev/zero of=/dev/null count=1 && dd if=/dev/urandom of=/dev/null count=1 && echo used",
    );
    expect(result.stdout).toBe("used\n");
  });

  test("an update of other limits leaves the rules in force", async () => {
    await using container = await containerWith([DENY_ALL, { allow: true, ...DISK, access: "r" }]);
    await container.must("update", "--pids-limit", "50", container.id);
    expect(await reach(container)).toBe("made\nread\n");
  });
});
