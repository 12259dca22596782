// An ordinary user without a session: no bus, no cgroup that it may write, subordinate ids by
// newuidmap.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { USER, WITHOUT_SESSION } from "../accounts.ts";
import { TestContainer } from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { ROOTLESS_LINUX, SINGLE_ID_LINUX } from "../rootless.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

describe.skipIf(!isGuest("cgroup2"))("rootless without a cgroup", () => {
  test("a single id needs no help", async () => {
    await using container = await TestContainer.start({
      account: WITHOUT_SESSION,
      linux: SINGLE_ID_LINUX,
    });
    expect(readMap(container, "uid_map")).toEqual([[0, USER.id, 1]]);
    expect((await container.exec("id", "-u")).stdout).toBe("0\n");
    expect(readFileSync(`/proc/${container.pid}/setgroups`, "utf8")).toBe("deny\n");
  });

  test("ranges of subordinate ids are mapped by newuidmap and newgidmap", async () => {
    await using container = await TestContainer.start({
      account: WITHOUT_SESSION,
      linux: ROOTLESS_LINUX,
      process: { user: { uid: 33, gid: 33, additionalGids: [44] } },
    });
    const map = [
      [0, USER.id, 1],
      [1, USER.subordinateIds, USER.subordinateCount],
    ];
    expect(readMap(container, "uid_map")).toEqual(map);
    expect(readMap(container, "gid_map")).toEqual(map);
    const status = readFileSync(`/proc/${container.pid}/status`, "utf8");
    expect(status).toContain(
      `Uid:\t${Array(4)
        .fill(USER.subordinateIds + 32)
        .join("\t")}\n`,
    );
    expect(status).toContain(`Groups:\t${USER.subordinateIds + 43}`);
  });

  test("state, exec, kill and delete work for the same user", async () => {
    await using container = await TestContainer.start({
      account: WITHOUT_SESSION,
      linux: ROOTLESS_LINUX,
    });
    expect(await container.status()).toBe("running");
    const result = await container.exec("sh", "-c", "hostname; cat /proc/1/comm");
    expect(result.stdout).toBe("guest\nsleep\n");
    await container.must("kill", container.id, "KILL");
    await container.must("delete", "--force", container.id);
  });

  test("a mapping that was not granted is refused, and nothing is left", async () => {
    await using container = await TestContainer.make({
      account: WITHOUT_SESSION,
      linux: { ...ROOTLESS_LINUX, uidMappings: [{ containerID: 0, hostID: 0, size: 1 }] },
    });
    const result = await container.create();
    expect(result.status).not.toBe(0);
  });
});

function readMap(container: TestContainer, name: "uid_map" | "gid_map"): number[][] {
  const text = readFileSync(`/proc/${container.pid}/${name}`, "utf8").trim();
  return text.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
}
