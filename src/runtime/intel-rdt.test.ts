// With an ordinary folder in the place of resctrl, whose files are plain ones: what is read, made, written
// and removed is the same.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IntelRdt } from "../oci/linux.ts";
import {
  findResctrl,
  makeResctrl,
  planResctrl,
  removeResctrl,
  updateResctrl,
} from "./intel-rdt.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "resctrl-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function existingGroup(name: string, schemata: string): string {
  const path = join(root, name);
  mkdirSync(join(path, "mon_groups"), { recursive: true });
  writeFileSync(join(path, "schemata"), schemata);
  writeFileSync(join(path, "tasks"), "");
  return path;
}

function make(rdt: IntelRdt) {
  const group = planResctrl(rdt, "c1", root);
  makeResctrl(rdt, group);
  return group;
}

describe("the mount point", () => {
  test("is the one of the file system's type, with its escapes resolved", () => {
    const info = [
      "22 27 0:21 / /proc rw,relatime - proc proc rw",
      "40 27 0:40 / /mnt/res\\040ctrl rw,nosuid shared:9 - resctrl resctrl rw",
    ].join("\n");
    expect(findResctrl(info)).toBe("/mnt/res ctrl");
  });

  test("is missing where nothing is mounted", () => {
    expect(findResctrl("22 27 0:21 / /resctrl rw - tmpfs resctrl rw\n")).toBeUndefined();
    expect(() => planResctrl({}, "c1", undefined)).toThrow(
      "apply linux.intelRdt: no resctrl file system is mounted",
    );
  });
});

describe("without a closID", () => {
  test("the group has the container's name, and goes with it", () => {
    const group = make({});
    expect(group.tasks).toEqual([join(root, "c1/tasks")]);
    expect(existsSync(join(root, "c1"))).toBe(true);
    removeResctrl(group);
    expect(existsSync(join(root, "c1"))).toBe(false);
  });

  test("a group that was there before stays", () => {
    existingGroup("c1", "L3:0=ff\n");
    const group = make({});
    removeResctrl(group);
    expect(existsSync(join(root, "c1"))).toBe(true);
  });
});

describe("with a closID", () => {
  test('"/" is the default group', () => {
    const group = make({ closID: "/" });
    expect(group.tasks).toEqual([join(root, "tasks")]);
    expect(group.own).toEqual([]);
  });

  test("a group that nothing describes must be there", () => {
    expect(() => planResctrl({ closID: "gold" }, "c1", root)).toThrow("there is no group");
    existingGroup("gold", "L3:0=ff\n");
    expect(make({ closID: "gold" }).own).toEqual([]);
  });

  test("an existing group must match, in whatever way the kernel writes it", () => {
    existingGroup("gold", "    L3:0=007f0;1=0001f\n    MB:0= 20;1= 70\n");
    make({ closID: "gold", l3CacheSchema: "L3:1=1F;0=7f0", memBwSchema: "MB:0=20" });
    expect(() => make({ closID: "gold", l3CacheSchema: "L3:0=7f1" })).toThrow(
      "linux.intelRdt.l3CacheSchema does not match",
    );
    expect(() => make({ closID: "gold", memBwSchema: "MB:2=20" })).toThrow("memBwSchema");
  });

  test("schemata are written in any case, each a line", () => {
    const path = existingGroup("gold", "L3:0=ff\n");
    make({ closID: "gold", schemata: ["L3:0=f", "MB:0=20"] });
    expect(readFileSync(join(path, "schemata"), "utf8")).toBe("L3:0=f\nMB:0=20\n");
  });
});

test("a monitoring group has the container's name, is entered, and goes with it", () => {
  const path = existingGroup("gold", "L3:0=ff\n");
  const group = make({ closID: "gold", enableMonitoring: true });
  const monitoring = join(path, "mon_groups/c1");
  expect(group.tasks).toEqual([join(path, "tasks"), join(monitoring, "tasks")]);
  expect(existsSync(monitoring)).toBe(true);
  removeResctrl(group);
  expect(existsSync(monitoring)).toBe(false);
  expect(existsSync(path)).toBe(true);
});

test("an update writes new schemata, if there is a group", () => {
  const path = existingGroup("gold", "L3:0=ff\n");
  const group = make({ closID: "gold" });
  updateResctrl({ l3CacheSchema: "L3:0=3", memBwSchema: "MB:0=20" }, group);
  expect(readFileSync(join(path, "schemata"), "utf8")).toBe("L3:0=3\nMB:0=20\n");
  updateResctrl({}, undefined);
  expect(() => updateResctrl({ l3CacheSchema: "L3:0=3" }, undefined)).toThrow(
    "the container was created without linux.intelRdt",
  );
});

test("what the kernel says of a refused schema is the reason", () => {
  mkdirSync(join(root, "info"));
  writeFileSync(join(root, "info/last_cmd_status"), "Mask out of range\n");
  const rdt = { l3CacheSchema: "L3:0=fffff" };
  const group = planResctrl(rdt, "c1", root);
  expect(() => makeResctrl(rdt, group)).toThrow("Mask out of range");
  removeResctrl(group);
  expect(existsSync(join(root, "c1"))).toBe(false);
});
