import { expect, test } from "bun:test";
import { mountsBelow } from "./host-mounts.ts";

const TABLE = [
  "20 1 254:0 / / rw,relatime - ext4 /dev/vda rw",
  "40 20 254:0 /b/rootfs /b/rootfs rw - ext4 /dev/vda rw",
  "41 40 0:30 / /b/rootfs/proc rw - proc proc rw",
  "42 40 0:31 / /b/rootfs/a\\040b rw - tmpfs tmpfs rw",
  "43 20 0:32 / /b/rootfs-2/proc rw - proc proc rw",
  "",
].join("\n");

test("finds what is mounted below a folder, and not on it or beside it", () => {
  expect(mountsBelow(TABLE, "/b/rootfs")).toEqual(["/b/rootfs/proc", "/b/rootfs/a b"]);
});

test("finds nothing where nothing is mounted", () => {
  expect(mountsBelow(TABLE, "/c")).toEqual([]);
});
