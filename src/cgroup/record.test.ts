import { expect, test } from "bun:test";
import { OcicatError } from "../error/ocicat-error.ts";
import { parseContainerCgroup } from "./record.ts";
import type { ContainerCgroup } from "./types.ts";

const V1: ContainerCgroup = {
  tree: "v1",
  keeper: { kind: "systemd", unit: "a.scope", slice: "system.slice", userBus: false },
  rootless: true,
  explicit: false,
  paths: { memory: "/sys/fs/cgroup/memory/a", "name=systemd": "/sys/fs/cgroup/systemd/a" },
  unifiedPath: "/sys/fs/cgroup/unified/a",
};

test("a record comes back from its JSON", () => {
  const { unifiedPath: _, ...withoutUnified } = V1;
  const records: ContainerCgroup[] = [
    V1,
    withoutUnified,
    { ...V1, paths: {} },
    { tree: "v2", keeper: { kind: "cgroupfs" }, rootless: false, explicit: true, path: "/a/b" },
    { tree: "none", keeper: { kind: "cgroupfs" }, rootless: true, explicit: false },
  ];
  for (const record of records) {
    expect(parseContainerCgroup(JSON.parse(JSON.stringify(record)), "cgroup")).toEqual(record);
  }
});

test("what is no record is refused with its place", () => {
  const keeper = { kind: "cgroupfs" };
  for (const [value, place] of [
    [null, "read cgroup: it is no object"],
    [[], "read cgroup: it is no object"],
    [{ tree: "v3", keeper }, "its tree is none"],
    [{ tree: "v2", keeper, path: "relative" }, "cgroup.path: it is no absolute path"],
    [{ tree: "v2", keeper, path: "/" }, "cgroup.path"],
    [{ tree: "v2", keeper, path: "/a/../b" }, "cgroup.path"],
    [{ tree: "v1", keeper, paths: { memory: 1 } }, "cgroup.paths.memory"],
    [{ tree: "none", keeper: { kind: "systemd" } }, "cgroup.keeper"],
  ] as const) {
    expect(() => parseContainerCgroup(value, "cgroup")).toThrow(OcicatError);
    expect(() => parseContainerCgroup(value, "cgroup")).toThrow(place);
  }
});
