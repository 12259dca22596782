// An ordinary user whose own systemd has delegated a cgroup: a scope of that systemd, or directories
// in the delegated cgroup.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { IN_USER_UNIT, USER } from "../accounts.ts";
import { type ContainerOptions, TestContainer } from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { ROOTLESS_LINUX } from "../rootless.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const MIB = 1024 * 1024;
const USER_SLICE = `/user.slice/user-${USER.id}.slice/user@${USER.id}.service`;

const SCOPE: ContainerOptions = { account: IN_USER_UNIT, manager: "systemd" };
const LIMITS = { resources: { memory: { limit: 64 * MIB }, pids: { limit: 30 } } };

describe.skipIf(!isGuest("systemd"))("rootless with the user's own systemd", () => {
  test("the container is a scope of the user's", async () => {
    await using container = await TestContainer.start({ ...SCOPE, linux: ROOTLESS_LINUX });
    expect(container.cgroup).toBe(`${USER_SLICE}/user.slice/ocicat-${container.id}.scope`);
    const shown = await run([
      ...["systemctl", "--user", `--machine=${USER.name}@.host`, "show", "--property=ActiveState"],
      `ocicat-${container.id}.scope`,
    ]);
    expect(shown.stdout).toBe("ActiveState=active\n");
  });

  test("limits of the delegated controllers hold", async () => {
    await using container = await TestContainer.start({
      ...SCOPE,
      linux: { ...ROOTLESS_LINUX, ...LIMITS },
    });
    expect(container.limit("memory.max")).toBe(`${64 * MIB}`);
    expect(container.limit("pids.max")).toBe("30");
  });

  test("update, pause, resume and exec work", async () => {
    await using container = await TestContainer.start({
      ...SCOPE,
      linux: { ...ROOTLESS_LINUX, ...LIMITS },
    });
    await container.must("update", "--pids-limit", "33", container.id);
    expect(container.limit("pids.max")).toBe("33");
    await container.must("pause", container.id);
    expect(container.limit("cgroup.events")).toContain("frozen 1");
    await container.must("resume", container.id);
    expect((await container.exec("id", "-u")).stdout).toBe("0\n");
  });

  test("without the systemd manager the container runs all the same", async () => {
    await using container = await TestContainer.start({
      account: IN_USER_UNIT,
      linux: ROOTLESS_LINUX,
    });
    expect(await container.status()).toBe("running");
    expect(container.cgroup).toStartWith(USER_SLICE);
    expect((await container.exec("hostname")).stdout).toBe("guest\n");
  });
});
