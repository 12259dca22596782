import { expect, test } from "bun:test";
import { type Edits, faultsAfter, REMOVED } from "./edit.fixture.ts";

type Row = readonly [what: string, edits: Edits, faults: readonly string[]];

const NO_TIME_NAMESPACE: Edits = {
  "linux.namespaces": ["network", "mount", "ipc", "uts", "user"].map((type) => ({ type })),
};

const NAMESPACES: readonly Row[] = [
  [
    "an unknown namespace, one twice, one by a relative path",
    { "linux.namespaces": [{ type: "net" }, { type: "pid" }, { type: "pid", path: "ns" }] },
    [
      'linux.namespaces[0].type: "net" is none of pid, network, mount, ipc, uts, user, cgroup, time',
      'linux.namespaces[2].path: "ns" is not an absolute path',
      'linux.namespaces[2].type: "pid" occurs twice',
      "linux.uidMappings: needs a user namespace",
      "linux.gidMappings: needs a user namespace",
      "linux.timeOffsets: needs a new time namespace",
      'linux.sysctl["net.ipv4.ip_forward"]: needs a network namespace',
      'linux.sysctl["kernel.shmmax"]: needs an ipc namespace',
      "linux.netDevices: needs a network namespace",
      "linux.maskedPaths: needs a mount namespace",
      "linux.readonlyPaths: needs a mount namespace",
      "hostname: needs a uts namespace",
      "domainname: needs a uts namespace",
    ],
  ],
  [
    "a new user namespace without maps",
    { "linux.uidMappings": REMOVED, "linux.gidMappings": [] },
    [
      "linux.uidMappings: required for a new user namespace",
      "linux.gidMappings: required for a new user namespace",
    ],
  ],
  [
    "a joined user namespace has its own maps",
    {
      "linux.namespaces[5].path": "/proc/1/ns/user",
      "linux.uidMappings": REMOVED,
      "linux.gidMappings": REMOVED,
    },
    [],
  ],
  [
    "a joined user namespace may repeat them",
    { "linux.namespaces[5].path": "/proc/1/ns/user" },
    [],
  ],
  [
    "maps that are incomplete, empty, too long",
    {
      "linux.uidMappings": [
        { containerID: 0, hostID: 1 },
        { containerID: 0, hostID: 1, size: 0 },
        { containerID: 1, hostID: 4_294_967_290, size: 6 },
      ],
    },
    [
      "linux.uidMappings[0].size: required",
      "linux.uidMappings[1].size: 0 is not within 1 to 4294967295",
      "linux.uidMappings[2].size: 6 ids reach beyond 4294967294",
    ],
  ],
  [
    "maps that overlap",
    {
      "linux.gidMappings": [
        { containerID: 0, hostID: 1000, size: 10 },
        { containerID: 9, hostID: 2000, size: 1 },
        { containerID: 100, hostID: 1009, size: 5 },
        { containerID: 10, hostID: 1010, size: 1 },
      ],
    },
    [
      "linux.gidMappings[1].containerID: overlaps the mapping of 0",
      "linux.gidMappings[2].hostID: overlaps the mapping to 1000",
      "linux.gidMappings[3].hostID: overlaps the mapping to 1009",
    ],
  ],
  [
    "more maps than the kernel takes",
    {
      "linux.uidMappings": Array.from({ length: 341 }, (_, index) => ({
        containerID: index,
        hostID: index,
        size: 1,
      })),
    },
    ["linux.uidMappings: has 341 entries, more than 340"],
  ],
  [
    "offsets of unknown clocks and beyond the clock",
    {
      "linux.timeOffsets": {
        realtime: { secs: 1 },
        monotonic: { secs: 9_223_372_037, nanosecs: 1_000_000_000 },
      },
    },
    [
      'linux.timeOffsets["realtime"]: the clock is none of monotonic, boottime',
      'linux.timeOffsets["monotonic"].secs: 9223372037 is not within -9223372036 to 9223372036',
      'linux.timeOffsets["monotonic"].nanosecs: 1000000000 is not within 0 to 999999999',
    ],
  ],
  [
    "offsets for a joined time namespace",
    { "linux.namespaces[7].path": "/proc/1/ns/time" },
    ["linux.timeOffsets: needs a new time namespace"],
  ],
  ["no offsets need no namespace", { ...NO_TIME_NAMESPACE, "linux.timeOffsets": {} }, []],
];

const SYSCTL: readonly Row[] = [
  [
    "parameters of the namespaces that are there",
    {
      "linux.sysctl": {
        "net/ipv4/conf/eno2.100/rp_filter": "1",
        "net.ipv4.conf.eno2/100.rp_filter": "1",
        "fs.mqueue.msg_max": "10",
        "kernel/shm_rmid_forced": "1",
        "kernel.domainname": "example",
      },
    },
    [],
  ],
  [
    "parameters of the host",
    {
      "linux.sysctl": {
        "kernel.panic": "1",
        "vm.swappiness": "10",
        "netx.a": "1",
        "fs.mqueue": "1",
      },
    },
    [
      'linux.sysctl["kernel.panic"]: belongs to the whole host',
      'linux.sysctl["vm.swappiness"]: belongs to the whole host',
      'linux.sysctl["netx.a"]: belongs to the whole host',
      'linux.sysctl["fs.mqueue"]: belongs to the whole host',
    ],
  ],
  [
    "ways out of the folder",
    {
      "linux.sysctl": {
        "net.//.kernel.panic": "1",
        "net/../kernel/panic": "1",
        "net..ipv4": "1",
        "": "1",
      },
    },
    [
      'linux.sysctl["net.//.kernel.panic"]: is not the name of a kernel parameter',
      'linux.sysctl["net/../kernel/panic"]: is not the name of a kernel parameter',
      'linux.sysctl["net..ipv4"]: is not the name of a kernel parameter',
      'linux.sysctl[""]: is not the name of a kernel parameter',
    ],
  ],
  [
    "the host name has a property of its own",
    { "linux.sysctl": { "kernel.hostname": "x" } },
    ['linux.sysctl["kernel.hostname"]: conflicts with the property hostname'],
  ],
];

const THE_REST: readonly Row[] = [
  ["no linux", { linux: REMOVED, hostname: REMOVED, domainname: REMOVED }, []],
  ["a systemd path", { "linux.cgroupsPath": "machine.slice:ocicat:test" }, []],
  [
    "a cgroup outside",
    { "linux.cgroupsPath": "../../x" },
    ['linux.cgroupsPath: "../../x" has ".." in it'],
  ],
  [
    "devices without numbers, with absurd ones, of no kind",
    {
      "linux.devices": [
        { path: "/dev/a", type: "c" },
        { path: "/dev/b", type: "b", major: 4096, minor: -1, fileMode: 0o20666 },
        { path: "dev/c", type: "x", major: 1, minor: 1 },
        { type: "p" },
      ],
    },
    [
      "linux.devices[0].major: required",
      "linux.devices[0].minor: required",
      "linux.devices[1].major: 4096 is not within 0 to 4095",
      "linux.devices[1].minor: -1 is not within 0 to 1048575",
      'linux.devices[2].path: "dev/c" is not an absolute path',
      'linux.devices[2].type: "x" is none of c, b, u, p',
      "linux.devices[3].path: required",
    ],
  ],
  [
    "network devices that cannot be, or meet",
    {
      "linux.netDevices": {
        eth0: {},
        eth1: { name: "eth0" },
        eth2: { name: "a/b" },
        "sixteen-letters-": {},
        ".": { name: "ok" },
        eth3: { name: "e%d" },
        eth4: { name: "e%d" },
      },
    },
    [
      'linux.netDevices["eth1"].name: "eth0" occurs twice',
      'linux.netDevices["eth2"].name: "a/b" is not the name of a network device',
      'linux.netDevices["sixteen-letters-"]: "sixteen-letters-" is longer than 15 characters',
      'linux.netDevices["."]: "." is not the name of a network device',
    ],
  ],
  [
    "an unknown propagation",
    { "linux.rootfsPropagation": "public" },
    [
      'linux.rootfsPropagation: "public" is none of shared, slave, private, unbindable, rshared, rslave, rprivate, runbindable',
    ],
  ],
  [
    "hidden paths that are relative",
    { "linux.maskedPaths[0]": "proc/kcore", "linux.readonlyPaths[0]": "./sys" },
    [
      'linux.maskedPaths[0]: "proc/kcore" is not an absolute path',
      'linux.readonlyPaths[0]: "./sys" is not an absolute path',
    ],
  ],
  ["the default class", { "linux.intelRdt": { closID: "/" } }, []],
  [
    "classes elsewhere, schemata of several lines",
    {
      "linux.intelRdt": {
        closID: "../x",
        schemata: ["L3:0=1\nMB:0=1"],
        l3CacheSchema: "L3:0=1\n",
        memBwSchema: "0=1",
      },
    },
    [
      'linux.intelRdt.closID: "../x" is not a file name',
      'linux.intelRdt.schemata[0]: "L3:0=1\\nMB:0=1" has more than one line',
      'linux.intelRdt.l3CacheSchema: "L3:0=1\\n" has more than one line',
      'linux.intelRdt.memBwSchema: "0=1" does not begin with "MB:"',
    ],
  ],
  [
    "an unknown domain",
    { "linux.personality": { domain: "SVR4" } },
    ['linux.personality.domain: "SVR4" is none of LINUX, LINUX32'],
  ],
  ["memory anywhere", { "linux.memoryPolicy": { mode: "MPOL_PREFERRED" } }, []],
  [
    "nodes where none belong",
    { "linux.memoryPolicy": { mode: "MPOL_LOCAL", nodes: "0" } },
    ["linux.memoryPolicy.nodes: MPOL_LOCAL takes no nodes"],
  ],
  [
    "nodes missing",
    { "linux.memoryPolicy": { mode: "MPOL_BIND", flags: ["MPOL_F_STATIC_NODES"] } },
    [
      "linux.memoryPolicy.nodes: required for MPOL_BIND",
      "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES need nodes",
    ],
  ],
  [
    "flags that exclude each other or the mode",
    {
      "linux.memoryPolicy.flags": [
        "MPOL_F_STATIC_NODES",
        "MPOL_F_RELATIVE_NODES",
        "MPOL_F_NUMA_BALANCING",
      ],
    },
    [
      "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other",
      "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING needs MPOL_BIND or MPOL_PREFERRED_MANY",
    ],
  ],
  [
    "an unknown mode and nodes that are no list",
    { "linux.memoryPolicy": { mode: "MPOL_X", nodes: "a" } },
    [
      'linux.memoryPolicy.mode: "MPOL_X" is none of MPOL_DEFAULT, MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_LOCAL, MPOL_PREFERRED_MANY, MPOL_WEIGHTED_INTERLEAVE',
      'linux.memoryPolicy.nodes: "a" is not a list such as "0-3,7"',
    ],
  ],
];

test.each([...NAMESPACES, ...SYSCTL, ...THE_REST])("%s", (_what, edits, faults) => {
  expect(faultsAfter(edits)).toEqual([...faults]);
});
