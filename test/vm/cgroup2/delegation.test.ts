// With a user namespace the container's root owns what it may do with its cgroup, and no more.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Linux } from "../../../src/oci/linux.ts";
import {
  DEFAULT_MOUNTS,
  DEFAULT_NAMESPACES,
  TestContainer,
  WRITABLE_CGROUP_MOUNTS,
} from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const FIRST_ID = 200_000;

const USER_NAMESPACE: Partial<Linux> = {
  namespaces: [...DEFAULT_NAMESPACES, { type: "user" }],
  uidMappings: [{ containerID: 0, hostID: FIRST_ID, size: 65_536 }],
  gidMappings: [{ containerID: 0, hostID: FIRST_ID, size: 65_536 }],
};

/** Who owns the directory (".") and its files. */
function ownersIn(container: TestContainer): Map<string, number> {
  const folder = join("/sys/fs/cgroup", container.cgroup);
  const names = [".", ...readdirSync(folder)];
  return new Map(names.map((name) => [name, statSync(join(folder, name)).uid]));
}

describe.skipIf(!isGuest("cgroup2"))("delegation on cgroup v2", () => {
  test("the container's root owns the directory and the files that the kernel delegates", async () => {
    await using container = await TestContainer.start({
      linux: USER_NAMESPACE,
      spec: { mounts: WRITABLE_CGROUP_MOUNTS },
    });
    const owners = ownersIn(container);
    for (const name of [".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"]) {
      expect([name, owners.get(name)]).toEqual([name, FIRST_ID]);
    }
    for (const name of ["memory.max", "pids.max", "cpu.max", "cpuset.cpus"]) {
      expect([name, owners.get(name)]).toEqual([name, 0]);
    }
  });

  test("it makes cgroups of its own there, and cannot lift its limit", async () => {
    await using container = await TestContainer.start({
      linux: { ...USER_NAMESPACE, resources: { pids: { limit: 20 } } },
      spec: { mounts: WRITABLE_CGROUP_MOUNTS },
    });
    const made = await container.exec("mkdir", "/sys/fs/cgroup/own");
    expect(made).toEqual({ status: 0, stdout: "", stderr: "" });
    const lifted = await container.exec("sh", "-c", "echo max > /sys/fs/cgroup/pids.max");
    expect(lifted.status).not.toBe(0);
    expect(container.limit("pids.max")).toBe("20");
  });

  test("a read-only cgroup mount delegates nothing", async () => {
    await using container = await TestContainer.start({
      linux: USER_NAMESPACE,
      spec: { mounts: DEFAULT_MOUNTS },
    });
    expect(new Set(ownersIn(container).values())).toEqual(new Set([0]));
  });

  test("the host's cgroup namespace is not given away", async () => {
    const namespaces = USER_NAMESPACE.namespaces?.filter(({ type }) => type !== "cgroup") ?? [];
    await using container = await TestContainer.start({
      linux: { ...USER_NAMESPACE, namespaces },
      spec: { mounts: WRITABLE_CGROUP_MOUNTS },
    });
    expect(new Set(ownersIn(container).values())).toEqual(new Set([0]));
  });
});
