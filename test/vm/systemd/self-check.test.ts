// What the guest with systemd promises beyond the other one.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { runTrue } from "../peer-container.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

describe.skipIf(!isGuest("systemd"))("the guest with systemd", () => {
  test("answers on the system bus", async () => {
    const result = await run([
      ...["busctl", "get-property", "org.freedesktop.systemd1", "/org/freedesktop/systemd1"],
      ...["org.freedesktop.systemd1.Manager", "Version"],
    ]);
    expect(result.stdout).toStartWith('s "252');
  });

  test.each(["/usr/bin/crun", "/usr/sbin/runc"])(
    "runs a container with %s in a scope",
    async (runtime) => {
      expect((await runTrue(runtime, ["--systemd-cgroup"])).status).toBe(0);
    },
  );

  test("has a user manager with delegated controllers", async () => {
    const result = await run([
      ...["systemd-run", "--quiet", "--user", "--machine=sam@.host", "--wait", "--pipe"],
      ...[
        "--collect",
        "sh",
        "-c",
        'id -un; cat "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/cgroup.controllers"',
      ],
    ]);
    expect(result.stdout).toStartWith("sam\n");
    expect(result.stdout).toContain("memory");
    expect(result.stdout).toContain("pids");
  });
});
