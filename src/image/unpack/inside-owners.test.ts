import { expect, test } from "bun:test";
import { InsideOwners } from "./inside-owners.ts";
import { Notes } from "./notes.ts";

/** The root inside is 1, the user 1000 is 0. */
const MAPS = {
  uid: [
    { containerID: 0, hostID: 1, size: 1000 },
    { containerID: 1000, hostID: 0, size: 1 },
  ],
  gid: [{ containerID: 0, hostID: 1, size: 50 }],
};

function apply(
  owner: { readonly uid: number; readonly gid: number },
  xattrs = new Map<string, Uint8Array>(),
) {
  const notes = new Notes();
  const modified = { seconds: 0, nanoseconds: 0 };
  const entry = new InsideOwners(MAPS).apply({ ...owner, mode: 0o6755, modified, xattrs }, notes);
  return { ...entry, notes: notes.sentences() };
}

test("a file belongs to whom the container sees, with its setuid bit", () => {
  expect(apply({ uid: 33, gid: 44 })).toMatchObject({ uid: 34, gid: 45, mode: 0o6755, notes: [] });
  expect(apply({ uid: 1000, gid: 0 })).toMatchObject({ uid: 0, gid: 1, mode: 0o6755 });
});

test.each([
  [
    { uid: 1001, gid: 0 },
    { uid: 1, gid: 1 },
  ],
  [
    { uid: 33, gid: 50 },
    { uid: 34, gid: 1 },
  ],
])("what nobody there owns makes nobody root: %p", (owner, expected) => {
  expect(apply(owner)).toMatchObject({ ...expected, mode: 0o755 });
  expect(apply(owner).notes).toEqual(["1 entry: owner not kept, the container has no such ids"]);
});

test("capabilities of a file name the root of the container, of none but revision 2", () => {
  const name = "security.capability";
  const value = Uint8Array.from([1, 0, 0, 2, 0, 4, 0, 0, ...new Array<number>(12).fill(0)]);
  const given = apply({ uid: 0, gid: 0 }, new Map([[name, value]])).xattrs.get(name);
  expect([...(given ?? [])]).toEqual([1, 0, 0, 3, ...value.slice(4), 1, 0, 0, 0]);
  for (const other of [new Uint8Array(3), new Uint8Array(20), new Uint8Array(24)]) {
    expect(apply({ uid: 0, gid: 0 }, new Map([[name, other]])).xattrs.get(name)).toEqual(other);
  }
});
