import { expect, test } from "bun:test";
import type { FolderChange } from "../../image/formats/folder-changes.ts";
import { withoutMountPoints } from "./diff-container.ts";

const MOUNTS = new Set(["etc/hosts", "srv/deep/data"]);

function shown(...changes: readonly (readonly [path: string, kind: FolderChange["kind"]])[]) {
  const all = changes.map(([path, kind]) => ({ path, kind, keepsAttributes: kind === "changed" }));
  return [...withoutMountPoints(all, MOUNTS)].map(({ path }) => path);
}

test("mount points are no changes, nor are the directories above them", () => {
  expect(shown(["etc", "changed"], ["etc/hosts", "added"], ["made", "added"])).toEqual(["made"]);
  expect(shown(["srv", "changed"], ["srv/deep", "changed"], ["srv/deep/data", "added"])).toEqual(
    [],
  );
});

test("directories are shown for what else is in them", () => {
  expect(
    shown(["etc", "changed"], ["etc/hosts", "added"], ["etc/new", "added"], ["tmp", "changed"]),
  ).toEqual(["etc", "etc/new", "tmp"]);
  expect(
    shown(
      ["srv", "changed"],
      ["srv/deep", "changed"],
      ["srv/deep/data", "added"],
      ["srv/x", "deleted"],
    ),
  ).toEqual(["srv", "srv/x"]);
});

test("a directory that has other permissions is a change itself", () => {
  const change: FolderChange = { path: "etc", kind: "changed", keepsAttributes: false };
  expect([...withoutMountPoints([change], MOUNTS)]).toEqual([change]);
});
