// exec into a container whose init is another systemd, or does what one does: it moves itself below
// its cgroup, and the kernel then lets no process into the cgroup itself (EBUSY).

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { eventually } from "../../peers/conditions.ts";
import { TestContainer, WRITABLE_CGROUP_MOUNTS } from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const MOVE_DOWN = [
  "mkdir /sys/fs/cgroup/init.scope",
  "echo 0 > /sys/fs/cgroup/init.scope/cgroup.procs",
  "echo +memory +pids > /sys/fs/cgroup/cgroup.subtree_control",
  "echo moved",
  "exec sleep 600",
].join(" && ");

describe.skipIf(!isGuest("systemd"))("exec beside a nested systemd", () => {
  test("joins init where it went", async () => {
    await using container = await TestContainer.start({
      manager: "systemd",
      args: ["sh", "-c", MOVE_DOWN],
      spec: { mounts: WRITABLE_CGROUP_MOUNTS },
    });
    await eventually("the container's init to move", () => container.output().includes("moved"));
    const result = await container.exec("cat", "/proc/self/cgroup");
    expect(result).toEqual({ status: 0, stdout: "0::/init.scope\n", stderr: "" });
  });
});
