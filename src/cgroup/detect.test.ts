import { describe, expect, test } from "bun:test";
import { detectCgroupHost, parseCgroupMounts } from "./detect.ts";

const HYBRID = `22 1 254:0 / / rw,relatime - ext4 /dev/root rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 master:2 - cgroup cgroup rw,cpu,cpuacct
33 31 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
34 31 0:31 / /other/memory rw,relatime - cgroup cgroup rw,memory
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/lib/agent,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
`;

describe("mountinfo", () => {
  test("of a hybrid host: co-mounted controllers, a named tree, the v2 tree", () => {
    expect(parseCgroupMounts(HYBRID)).toEqual({
      layout: "hybrid",
      hierarchies: [
        {
          mountPoint: "/sys/fs/cgroup/cpu,cpuacct",
          root: "/",
          controllers: ["cpu", "cpuacct"],
        },
        { mountPoint: "/sys/fs/cgroup/memory", root: "/", controllers: ["memory"] },
        { mountPoint: "/sys/fs/cgroup/systemd", root: "/", controllers: ["name=systemd"] },
      ],
      unified: { mountPoint: "/sys/fs/cgroup/unified", root: "/" },
    });
  });

  test("of a v1 host and of a v2 host at an unusual place", () => {
    const v1 = HYBRID.split("\n").slice(0, -2).join("\n");
    expect(parseCgroupMounts(v1).layout).toBe("v1");
    expect(parseCgroupMounts(v1).unified).toBeUndefined();
    const v2 = String.raw`41 31 0:38 /a /cg\040two rw - cgroup2 cgroup2 rw`;
    expect(parseCgroupMounts(v2)).toEqual({
      layout: "v2",
      hierarchies: [],
      unified: { mountPoint: "/cg two", root: "/a" },
    });
  });

  test("without any cgroup file system is a clear error", () => {
    expect(() => parseCgroupMounts("22 1 254:0 / / rw - ext4 /dev/root rw\n")).toThrow(
      "find the host's cgroups: no cgroup file system is mounted",
    );
  });
});

test("this machine has some layout, and it is read once", () => {
  const host = detectCgroupHost();
  expect(["v1", "v2", "hybrid"]).toContain(host.layout);
  expect(detectCgroupHost()).toBe(host);
});
