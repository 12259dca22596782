import { expect, test } from "bun:test";
import { type Edits, faultsAfter, REMOVED } from "./edit.fixture.ts";

const NO_USER_NAMESPACE: Edits = {
  "linux.namespaces": [{ type: "network" }, { type: "mount" }, { type: "ipc" }, { type: "uts" }],
  "linux.uidMappings": REMOVED,
  "linux.gidMappings": REMOVED,
  "linux.timeOffsets": REMOVED,
};

const ROWS: readonly (readonly [what: string, edits: Edits, faults: readonly string[]])[] = [
  ["no mounts", { mounts: [] }, []],
  [
    "no place, no kind",
    { mounts: [{}] },
    [
      "mounts[0].destination: required",
      "mounts[0].type: required, unless the options have bind or rbind",
    ],
  ],
  ["bind by type", { mounts: [{ destination: "/a", type: "bind", source: "/b" }] }, []],
  [
    "a bind mount of nothing",
    { mounts: [{ destination: "/a", options: ["bind"] }] },
    ["mounts[0].source: required for a bind mount"],
  ],
  [
    "a bind mount with options of a file system",
    {
      mounts: [
        { destination: "/a", source: "b", options: ["rbind", "rro", "mode=1", "tmpcopyup"] },
      ],
    },
    [],
  ],
  [
    "copying up without a tmpfs",
    { mounts: [{ destination: "/a", type: "proc", options: ["tmpcopyup"] }] },
    ['mounts[0].options: "tmpcopyup" needs the type tmpfs'],
  ],
  ["a remount", { mounts: [{ destination: "/a", options: ["remount", "ro"] }] }, []],
  [
    "faults of one property do not become faults of others",
    { mounts: [{ destination: "/a", source: "/b", options: ["rbind", 5] }] },
    ["mounts[0].options[1]: must be a string, is 5"],
  ],
  [
    "one of the two maps",
    { "mounts[0].gidMappings": REMOVED },
    ["mounts[0].gidMappings: required: uidMappings and gidMappings go together"],
  ],
  [
    "an empty map counts as none",
    { "mounts[0].uidMappings": [] },
    ["mounts[0].uidMappings: required: uidMappings and gidMappings go together"],
  ],
  [
    "both ways to map",
    { "mounts[0].options": ["rbind", "idmap", "ridmap"] },
    ['mounts[0].options: "idmap" and "ridmap" exclude each other'],
  ],
  [
    "the container's own map",
    { mounts: [{ destination: "/a", source: "/b", options: ["rbind", "ridmap"] }] },
    [],
  ],
  [
    "a map from nowhere",
    {
      ...NO_USER_NAMESPACE,
      mounts: [{ destination: "/a", source: "/b", options: ["rbind", "ridmap"] }],
    },
    ["mounts[0].options: an id-mapped mount needs uidMappings and gidMappings"],
  ],
  ["its own map without a user namespace", NO_USER_NAMESPACE, []],
];

test.each(ROWS)("%s", (_what, edits, faults) => {
  expect(faultsAfter(edits)).toEqual([...faults]);
});
