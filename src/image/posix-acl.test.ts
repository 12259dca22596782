import { describe, expect, test } from "bun:test";
import { parsePosixAcl, posixAclFromText } from "./posix-acl.ts";

type Entry = readonly [tag: number, permissions: number, id?: number];

function acl(...entries: readonly Entry[]): Uint8Array {
  const value = Buffer.alloc(4 + entries.length * 8);
  value.writeUInt32LE(2, 0);
  for (const [index, [tag, permissions, id]] of entries.entries()) {
    value.writeUInt16LE(tag, 4 + index * 8);
    value.writeUInt16LE(permissions, 6 + index * 8);
    value.writeUInt32LE(id ?? 0xffff_ffff, 8 + index * 8);
  }
  return Uint8Array.from(value);
}

const [OWNER, USER, GROUP, GROUPS, MASK, OTHER] = [1, 2, 4, 8, 16, 32] as const;

describe("access control lists", () => {
  test("say what the mode is", () => {
    expect(parsePosixAcl(acl([OWNER, 7], [GROUP, 5], [OTHER, 1]))).toMatchObject({
      permissions: 0o751,
      isMode: true,
    });
  });

  test("show their mask in place of the group", () => {
    const list = acl([OWNER, 7], [USER, 7, 5], [GROUP, 7], [GROUPS, 1, 9], [MASK, 2], [OTHER, 0]);
    expect(parsePosixAcl(list)).toMatchObject({ permissions: 0o720, isMode: false, value: list });
  });

  test("lose ids that mean nothing", () => {
    const parsed = parsePosixAcl(acl([OWNER, 7, 0], [GROUP, 5, 3], [OTHER, 1, 4]));
    expect(parsed?.value).toEqual(acl([OWNER, 7], [GROUP, 5], [OTHER, 1]));
  });

  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["no entries", acl()],
    ["another version", Buffer.from([3, 0, 0, 0])],
    ["half an entry", acl([OWNER, 7], [GROUP, 5], [OTHER, 1]).subarray(0, -1)],
    ["no owner", acl([GROUP, 5], [OTHER, 1])],
    ["two owners", acl([OWNER, 7], [OWNER, 7], [GROUP, 5], [OTHER, 1])],
    ["no others", acl([OWNER, 7], [GROUP, 5])],
    ["a wrong order", acl([GROUP, 5], [OWNER, 7], [OTHER, 1])],
    ["a name without a mask", acl([OWNER, 7], [USER, 5, 1], [GROUP, 5], [OTHER, 1])],
    ["a name without an id", acl([OWNER, 7], [USER, 5], [GROUP, 5], [MASK, 7], [OTHER, 1])],
    ["two masks", acl([OWNER, 7], [GROUP, 5], [MASK, 7], [MASK, 7], [OTHER, 1])],
    ["permissions that do not exist", acl([OWNER, 8], [GROUP, 5], [OTHER, 1])],
    ["an unknown tag", acl([OWNER, 7], [GROUP, 5], [OTHER, 1], [64, 1])],
  ])("are refused: %s", (_, value) => {
    expect(parsePosixAcl(value)).toBeUndefined();
  });
});

describe("access control lists in text", () => {
  const named = acl([OWNER, 7], [USER, 5, 502], [GROUP, 5], [GROUPS, 1, 9], [MASK, 7], [OTHER, 4]);

  test.each<[string, string]>([
    ["star", "user::rwx,user:lisa:r-x:502,group::r-x,group:toolies:--x:9,mask::rwx,other::r--"],
    ["GNU tar", "user::rwx\nuser:502:r-x\ngroup::r-x\ngroup:9:--x\nmask::rwx\nother::r--\n"],
    [
      "any order, with comments",
      "other::r--\nmask::rwx\ngroup:9:--x #effective:--x\ngroup::r-x\nuser:502:r-x\nuser::rwx",
    ],
  ])("of %s", (_, text) => {
    expect(posixAclFromText(text)).toEqual(named);
  });

  test.each<[string, string]>([
    ["nothing", ""],
    ["a name without a number", "user::rwx,user:lisa:r-x,group::r-x,mask::rwx,other::r--"],
    ["unknown rights", "user::rwt,group::r-x,other::r--"],
    ["no mask", "user::rwx,user:5:r-x,group::r-x,other::r--"],
    ["a named mask", "user::rwx,group::r-x,mask:5:rwx,other::r--"],
    ["a number that is none", "user::rwx,user:4294967295:r-x,group::r-x,mask::rwx,other::r--"],
  ])("are none: %s", (_, text) => {
    expect(posixAclFromText(text)).toBeUndefined();
  });
});
