import { expect, test } from "bun:test";
import type { ContainerCgroup } from "../cgroup/types.ts";
import { joinedCgroup, type SubCgroup } from "./sub-cgroup.ts";

const KEEPER = { keeper: { kind: "cgroupfs" }, rootless: false, explicit: true } as const;
const V1: ContainerCgroup = {
  ...KEEPER,
  tree: "v1",
  paths: { cpu: "/c/cpu,cpuacct/x", cpuacct: "/c/cpu,cpuacct/x", pids: "/c/pids/x" },
};

const tasksFor = (wanted: SubCgroup) => joinedCgroup(V1, 1, wanted).tasks;

test("without a word it is the container's own", () => {
  expect(tasksFor("")).toEqual(["/c/cpu,cpuacct/x/tasks", "/c/pids/x/tasks"]);
});

test("one path holds for all trees", () => {
  expect(tasksFor("a/b")).toEqual(["/c/cpu,cpuacct/x/a/b/tasks", "/c/pids/x/a/b/tasks"]);
});

test("a path by controller holds for its tree, and for those that are mounted with it", () => {
  expect(tasksFor({ pids: "a" })).toEqual(["/c/cpu,cpuacct/x/tasks", "/c/pids/x/a/tasks"]);
  expect(tasksFor({ cpuacct: "b", pids: "a" })).toEqual([
    "/c/cpu,cpuacct/x/b/tasks",
    "/c/pids/x/a/tasks",
  ]);
});

test.each<[string, SubCgroup]>([
  ["a way out", "a/../.."],
  ["a way out of one tree", { pids: "../y" }],
  ["a controller that is not there", { memory: "a" }],
  ["a name that every object has", { constructor: "a" }],
])("%s is refused", (_what, wanted) => {
  expect(() => tasksFor(wanted)).toThrow("enter the sub-cgroup");
});

test("cgroup v2 has one tree for all controllers", () => {
  const cgroup: ContainerCgroup = { ...KEEPER, tree: "v2", path: "/sys/fs/cgroup/x" };
  expect(() => joinedCgroup(cgroup, process.pid, { pids: "a" })).toThrow(
    'the container has no cgroup of a controller "pids" alone',
  );
});
