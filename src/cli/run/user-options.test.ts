import { expect, test } from "bun:test";
import { parseCommandLine } from "../parse-command-line.ts";
import { USER_FLAGS } from "./user-flags.ts";
import { parseUsers } from "./user-options.ts";

function parse(...words: string[]) {
  const line = { command: "ocicat run", flags: USER_FLAGS, placement: "first" } as const;
  const flags = parseCommandLine(line, words);
  return flags === undefined ? undefined : parseUsers(flags);
}

test.each([
  ["host", undefined],
  ["", undefined],
  ["keep-id", { kind: "keep-id" }],
  ["keep-id:uid=200,gid=210", { kind: "keep-id", uid: 200, gid: 210 }],
  ["keep-id:gid=7", { kind: "keep-id", gid: 7 }],
  ["nomap", { kind: "nomap" }],
  ["auto", { kind: "auto" }],
  ["auto:size=1000", { kind: "auto", size: 1000 }],
  [
    "auto:uidmapping=0:5:1,gidmapping=3:6:2,uidmapping=9:9:1",
    {
      kind: "auto",
      uid: [
        { containerID: 0, hostID: 5, size: 1 },
        { containerID: 9, hostID: 9, size: 1 },
      ],
      gid: [{ containerID: 3, hostID: 6, size: 2 }],
    },
  ],
  ["container:web", { kind: "join", namespace: "container:web" }],
  ["ns:/proc/5/ns/user", { kind: "join", namespace: "ns:/proc/5/ns/user" }],
])("--userns %p", (mode, expected) => {
  expect(parse("--userns", mode) as unknown).toEqual(expected);
});

test.each([
  ["sideways", "it is none of host, auto"],
  ["nomap:x=1", "it is none of host, auto"],
  ["container:", "it does not say which"],
  ["ns", "it does not say which"],
  ["auto:colour=1", "auto takes size=NUMBER, uidmapping=MAP"],
  ["auto:size=0", "from 1 to"],
  ["auto:uidmapping=0:1:5,uidmapping=3:9:1", "it overlaps with 0:1:5"],
  ["keep-id:uid=x", "from 0 to"],
  ["keep-id:size=5", "keep-id takes uid=NUMBER"],
])("--userns %p is refused", (mode, reason) => {
  expect(() => parse("--userns", mode)).toThrow(reason);
});

test("two ways at once are refused by their names", () => {
  const refused = "use --userns: it does not go with --subuidname, which says it in another way";
  expect(() => parse("--userns", "auto", "--subuidname", "containers")).toThrow(refused);
});
