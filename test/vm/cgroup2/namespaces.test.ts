// What the guest's kernel has and a build machine's may lack: dummy interfaces to hand over, and time
// namespaces beside the newest kernel's.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { DEFAULT_NAMESPACES, TestContainer } from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const DAY_S = 86_400;

/** A dummy interface of the host's network namespace. */
class DummyInterface implements AsyncDisposable {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  static async make(name: string, ...settings: readonly string[]): Promise<DummyInterface> {
    const made = await run(["ip", "link", "add", name, ...settings, "type", "dummy"]);
    expect(made).toEqual({ status: 0, stdout: "", stderr: "" });
    return new DummyInterface(name);
  }

  async exists(): Promise<boolean> {
    return (await run(["ip", "link", "show", this.name])).status === 0;
  }

  /** It may have gone with the container's namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await run(["ip", "link", "delete", this.name]);
  }
}

describe.skipIf(!isGuest("cgroup2"))("network devices", () => {
  test("move into the container under their new name", async () => {
    await using dummy = await DummyInterface.make("vm-dummy0");
    await using container = await TestContainer.start({
      linux: { netDevices: { [dummy.name]: { name: "eth7" } } },
    });
    expect(await dummy.exists()).toBe(false);
    const links = await container.exec("ip", "link", "show", "eth7");
    expect(links).toMatchObject({ status: 0, stderr: "" });
    expect(links.stdout).toContain("eth7:");
  });

  test("keep their name, addresses and MTU where nothing else is asked for", async () => {
    await using dummy = await DummyInterface.make("vm-dummy1", "mtu", "1400");
    await run(["ip", "address", "add", "192.0.2.7/24", "dev", dummy.name]);
    await run(["ip", "address", "add", "2001:db8::9/64", "dev", dummy.name, "nodad"]);
    await using container = await TestContainer.start({
      linux: { netDevices: { [dummy.name]: {} } },
    });
    const shown = await container.exec("ip", "address", "show", dummy.name);
    expect(shown).toMatchObject({ status: 0, stderr: "" });
    expect(shown.stdout).toContain("192.0.2.7/24");
    expect(shown.stdout).toContain("2001:db8::9/64");
    expect(shown.stdout).toContain("mtu 1400");
  });

  test("that do not exist are an error that names them", async () => {
    await using container = await TestContainer.make({
      linux: { netDevices: { "vm-missing": {} } },
    });
    const result = await container.create();
    expect(result.status).not.toBe(0);
    expect(container.output()).toContain("vm-missing");
  });
});

describe.skipIf(!isGuest("cgroup2"))("time namespaces", () => {
  test("shift the container's clocks by the offsets of the configuration", async () => {
    await using container = await TestContainer.start({
      linux: {
        namespaces: [...DEFAULT_NAMESPACES, { type: "time" }],
        timeOffsets: { boottime: { secs: DAY_S }, monotonic: { secs: 2 * DAY_S } },
      },
    });
    const uptime = Number((await container.exec("cat", "/proc/uptime")).stdout.split(" ")[0]);
    const own = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    expect(uptime).toBeGreaterThan(own + DAY_S - 60);
    expect(uptime).toBeLessThan(own + DAY_S + 60);
    const offsets = readFileSync(`/proc/${container.pid}/timens_offsets`, "utf8");
    expect(offsets.split(/\s+/)).toEqual(
      expect.arrayContaining(["monotonic", `${2 * DAY_S}`, "boottime", `${DAY_S}`]),
    );
  });
});
