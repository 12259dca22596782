// Which namespaces are made and joined, by whom and in which order; clocks, names, sysctls, interfaces.

import { expect, test } from "bun:test";
import { join } from "node:path";
import type { IdMapping } from "../../src/oci/mount.ts";
import { expectGolden } from "./expect-golden.ts";
import {
  type Changes,
  createProgram,
  describeCases,
  execProgram,
  listingOf,
} from "./plan-listing.ts";

const MAPS: readonly IdMapping[] = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
const NAMESPACES = ["linux.namespaces", "linux.uidMappings", "linux.gidMappings"];

function create(changes: Changes, places: readonly string[]): string {
  return listingOf(createProgram(changes), places);
}

const USER: Changes = {
  linux: {
    namespaces: [{ type: "mount" }, { type: "pid" }, { type: "user" }],
    uidMappings: MAPS,
    gidMappings: MAPS,
  },
};

const PATHS = (["network", "ipc", "uts", "cgroup", "mount", "pid", "time"] as const).map(
  (type) => ({
    type,
    path: `/run/ns/${type}`,
  }),
);

test("namespaces", async () => {
  const text = describeCases([
    ["the usual ones are made by the clone of init", create({}, NAMESPACES)],
    [
      "a cgroup namespace is made by init once it is in its cgroup, as the container's root",
      create({ linux: { namespaces: [{ type: "mount" }, { type: "cgroup" }] } }, [
        "linux.namespaces",
        "linux.cgroupsPath",
      ]),
    ],
    [
      "a user namespace: its maps are written from outside while init waits",
      create(USER, NAMESPACES),
    ],
    [
      "a user namespace without privileges: its maps are written by programs",
      create(
        {
          ...USER,
          facts: {
            uid: 1000,
            gid: 1000,
            privileged: false,
            capabilities: new Set(),
            idMapPrograms: { uid: "/usr/bin/newuidmap", gid: "/usr/bin/newgidmap" },
          },
        },
        NAMESPACES,
      ),
    ],
    [
      "a user namespace within podman's, whose root maps its ids itself",
      create({ ...USER, facts: { uid: 0, gid: 0, privileged: false } }, NAMESPACES),
    ],
    [
      "joined by their paths: those for children by the stage, the others by init",
      create({ linux: { namespaces: PATHS } }, ["linux.namespaces"]),
    ],
    [
      "joined beside a new user namespace: before the clone, while the privilege is there",
      create(
        {
          linux: {
            namespaces: [
              { type: "user" },
              { type: "mount" },
              { type: "network", path: "/run/ns/network" },
            ],
            uidMappings: MAPS,
            gidMappings: MAPS,
          },
        },
        ["linux.namespaces"],
      ),
    ],
    [
      "a joined user namespace: first of all, by a process between the stage and init",
      create(
        {
          linux: {
            namespaces: [
              { type: "user", path: "/run/ns/user" },
              { type: "network", path: "/run/ns/network" },
              { type: "mount" },
            ],
          },
        },
        ["linux.namespaces", "linux.cgroupsPath", "linux.uidMappings"],
      ),
    ],
    [
      "clocks: unshared, and set off, before the clone",
      create(
        {
          linux: {
            namespaces: [{ type: "mount" }, { type: "time" }],
            timeOffsets: { monotonic: { secs: -1, nanosecs: 5 }, boottime: { secs: 100 } },
          },
        },
        ["linux.namespaces", "linux.timeOffsets"],
      ),
    ],
    [
      "names and sysctls",
      create(
        {
          spec: { hostname: "inside", domainname: "example.test" },
          linux: {
            namespaces: [{ type: "mount" }, { type: "uts" }, { type: "network" }],
            sysctl: { "net.ipv4.ip_forward": "1", "net.ipv4.conf.eth0/1.rp_filter": "2" },
          },
        },
        ["hostname", "domainname", "linux.sysctl"],
      ),
    ],
    [
      "exec joins all of them by init's pidfd, after its cgroup",
      listingOf(execProgram(USER), ["linux.namespaces", "linux.cgroupsPath"]),
    ],
  ]);
  await expectGolden(join(import.meta.dir, "plan-namespaces.txt"), text);
  // Else the container would see the path of its cgroup, and not "/".
  expect(text).toMatch(/tasks, "0"[^#]*unshare\(NEWCGROUP\)/);
  // Time namespaces are for children: init has to be one.
  expect(text).toMatch(/unshare\(NEWTIME\)[^#]*fork/);
});

test("network devices", async () => {
  const facts = {
    interfaces: new Map([
      ["eth1", 7],
      ["eth2", 8],
    ]),
    interfaceAddresses: new Map([
      [
        "eth1",
        [
          {
            family: 2,
            prefixLength: 24,
            attributes: [{ type: 2, value: new Uint8Array([192, 0, 2, 7]) }],
          },
        ],
      ],
    ]),
  };
  const netDevices = { eth1: { name: "lan0" }, eth2: { name: "wan%d" } };
  const made = [{ type: "mount" as const }, { type: "network" as const }];
  const joined = [{ type: "mount" as const }, { type: "network" as const, path: "/run/netns/a" }];
  const places = ["linux.netDevices"];
  const text = describeCases([
    [
      "to a new network namespace, by the pid of init",
      create({ facts, linux: { namespaces: made, netDevices } }, places),
    ],
    [
      "to a joined one, by its path: init has not entered it yet",
      create({ facts, linux: { namespaces: joined, netDevices: { eth2: {} } } }, places),
    ],
  ]);
  await expectGolden(join(import.meta.dir, "plan-net-devices.txt"), text);
  expect(text).toMatch(/NEWADDR[^#]*SIOCSIFFLAGS/);
});
