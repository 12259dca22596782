import { expect, test } from "bun:test";
import { ownersInside, ownersOutside } from "./container-owners.ts";

test("owners of a container with a user namespace", () => {
  const ids = [
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 300_000, size: 65_536 },
  ];
  const map = ownersInside({ uid: ids, gid: ids });
  expect(map({ uid: 1000, gid: 300_004 })).toEqual({ uid: 0, gid: 5 });
  expect(map({ uid: 0, gid: 400_000 })).toEqual({ uid: 65_534, gid: 65_534 });
  const outside = ownersOutside({ uid: ids, gid: ids });
  expect(outside({ uid: 0, gid: 5 })).toEqual({ uid: 1000, gid: 300_004 });
  expect(() => outside({ uid: 70_000, gid: 0 })).toThrow("no such user");
  expect(ownersInside(undefined)({ uid: 7, gid: 8 })).toEqual({ uid: 7, gid: 8 });
});
