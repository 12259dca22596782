import { describe, expect, test } from "bun:test";
import { resolveCgroup } from "./intent.ts";
import { parseMembership } from "./membership.ts";
import type { CgroupHost, CgroupRequest } from "./types.ts";

const V2: CgroupHost = {
  layout: "v2",
  hierarchies: [],
  unified: { mountPoint: "/sys/fs/cgroup", root: "/" },
};

const HYBRID: CgroupHost = {
  layout: "hybrid",
  hierarchies: [
    { mountPoint: "/sys/fs/cgroup/cpu,cpuacct", root: "/", controllers: ["cpu", "cpuacct"] },
    { mountPoint: "/sys/fs/cgroup/memory", root: "/", controllers: ["memory"] },
    { mountPoint: "/sys/fs/cgroup/systemd", root: "/", controllers: ["name=systemd"] },
  ],
  unified: { mountPoint: "/sys/fs/cgroup/unified", root: "/" },
};

/** A container that sees its own part of the host's tree, without a cgroup namespace. */
const NESTED: CgroupHost = {
  layout: "v1",
  hierarchies: [
    { mountPoint: "/sys/fs/cgroup/memory", root: "/docker/x", controllers: ["memory"] },
  ],
};

const OWN = `9:name=systemd:/user.slice/s.scope
4:memory:/docker/x/own
1:cpu,cpuacct:/
0::/user.slice/user-0.slice/session-1.scope
`;

function resolve(host: CgroupHost, request: Partial<CgroupRequest>) {
  const complete = { containerId: "abc", systemd: false, rootless: false, ...request };
  return resolveCgroup(complete, host, {
    ownCgroups: () => parseMembership(OWN),
    userManagerCgroup: () => "/user.slice/user-1000.slice/user@1000.service",
  });
}

/** The path of the only tree, or the paths by controller. */
function pathsOf(host: CgroupHost, request: Partial<CgroupRequest>): unknown {
  const cgroup = resolve(host, request);
  if (cgroup.tree === "v2") {
    return cgroup.path;
  }
  const unified = cgroup.tree === "v1" ? cgroup.unifiedPath : undefined;
  return cgroup.tree === "v1" ? { ...cgroup.paths, "": unified } : undefined;
}

describe("cgroupfs on v2", () => {
  test("an absolute path counts from the mount point", () => {
    expect(pathsOf(V2, { cgroupsPath: "/a/../b" })).toBe("/sys/fs/cgroup/b");
  });

  test("a relative one is beside the caller's own cgroup, as the id is where there is none", () => {
    const beside = "/sys/fs/cgroup/user.slice/user-0.slice";
    expect(pathsOf(V2, { cgroupsPath: "a/b" })).toBe(`${beside}/a/b`);
    expect(pathsOf(V2, { cgroupsPath: "../../../x" })).toBe(`${beside}/x`);
    expect(pathsOf(V2, {})).toBe(`${beside}/abc`);
    expect(pathsOf(V2, { cgroupsPath: "" })).toBe(`${beside}/abc`);
  });

  test("only a path in the configuration is explicit", () => {
    expect(resolve(V2, { cgroupsPath: "/a" }).explicit).toBe(true);
    expect(resolve(V2, {}).explicit).toBe(false);
  });

  test("the root cgroup is refused", () => {
    for (const cgroupsPath of ["/", "/..", "/a/.."]) {
      expect(() => resolve(V2, { cgroupsPath })).toThrow("the root cgroup holds the host's own");
    }
  });
});

describe("cgroupfs on v1 and hybrid hosts", () => {
  test("an absolute path is the same in every tree, co-mounted controllers share one", () => {
    expect(pathsOf(HYBRID, { cgroupsPath: "/a/b" })).toEqual({
      cpu: "/sys/fs/cgroup/cpu,cpuacct/a/b",
      cpuacct: "/sys/fs/cgroup/cpu,cpuacct/a/b",
      memory: "/sys/fs/cgroup/memory/a/b",
      "name=systemd": "/sys/fs/cgroup/systemd/a/b",
      "": "/sys/fs/cgroup/unified/a/b",
    });
  });

  test("a relative one is below the caller's own cgroup, but for the v2 tree", () => {
    expect(pathsOf(HYBRID, {})).toEqual({
      cpu: "/sys/fs/cgroup/cpu,cpuacct/abc",
      cpuacct: "/sys/fs/cgroup/cpu,cpuacct/abc",
      memory: "/sys/fs/cgroup/memory/docker/x/own/abc",
      "name=systemd": "/sys/fs/cgroup/systemd/user.slice/s.scope/abc",
      "": "/sys/fs/cgroup/unified/abc",
    });
  });

  test("nested, the mount shows a part of the tree", () => {
    const below = "/sys/fs/cgroup/memory";
    expect(pathsOf(NESTED, {})).toEqual({ memory: `${below}/own/abc`, "": undefined });
    expect(pathsOf(NESTED, { cgroupsPath: "/a" })).toEqual({ memory: `${below}/a`, "": undefined });
  });
});

describe("systemd", () => {
  test("slice, prefix and name make the scope's path", () => {
    const cgroupsPath = "kubepods-burstable.slice:cri:42";
    expect(resolve(V2, { systemd: true, cgroupsPath })).toEqual({
      tree: "v2",
      keeper: {
        kind: "systemd",
        unit: "cri-42.scope",
        slice: "kubepods-burstable.slice",
        userBus: false,
      },
      rootless: false,
      explicit: true,
      path: "/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/cri-42.scope",
    });
    expect(pathsOf(HYBRID, { systemd: true, cgroupsPath: ":p:n" })).toMatchObject({
      memory: "/sys/fs/cgroup/memory/system.slice/p-n.scope",
      "": "/sys/fs/cgroup/unified/system.slice/p-n.scope",
    });
  });

  test("a name that ends in .slice makes a slice; -.slice is the root", () => {
    const path = "/sys/fs/cgroup/pod.slice";
    expect(pathsOf(V2, { systemd: true, cgroupsPath: "-.slice:x:pod.slice" })).toBe(path);
  });

  test("without a path it is ocicat-ID.scope in the usual slice", () => {
    expect(pathsOf(V2, { systemd: true })).toBe("/sys/fs/cgroup/system.slice/ocicat-abc.scope");
    expect(pathsOf(V2, { systemd: true, rootless: true })).toBe(
      "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/user.slice/ocicat-abc.scope",
    );
  });

  test("what is no such name is refused", () => {
    for (const cgroupsPath of ["/a/b", "a:b", "a:b:c:d", "a.slice:b:", "a.slice:b:c/d"]) {
      expect(() => resolve(V2, { systemd: true, cgroupsPath })).toThrow("slice:prefix:name");
    }
    for (const slice of ["x", "-a.slice", "a--b.slice", ".slice", "a/b.slice"]) {
      const cgroupsPath = `${slice}:p:n`;
      expect(() => resolve(V2, { systemd: true, cgroupsPath })).toThrow(
        "no name of a systemd slice",
      );
    }
    expect(() => resolve(HYBRID, { systemd: true, rootless: true })).toThrow("cgroup v2 alone");
  });
});
