// The root file system: where it comes from, how it becomes the root, what is protected in it.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { expectGolden } from "./expect-golden.ts";
import { type Changes, createProgram, describeCases, listingOf } from "./plan-listing.ts";

const PLACES = ["root.", "linux.rootfsPropagation"];

function root(changes: Changes): string {
  return listingOf(createProgram(changes), PLACES);
}

function propagation(rootfsPropagation: "shared" | "runbindable" | "private"): string {
  const namespaces = [{ type: "mount" as const }];
  const program = createProgram({ linux: { namespaces, rootfsPropagation } });
  return listingOf(program, ["linux.rootfsPropagation"]);
}

const ANOTHER_ROOT: Changes = {
  facts: { privileged: false, capabilities: new Set(), uid: 1000, gid: 1000 },
  spec: {
    mounts: [{ type: "bind", source: "/home/user/x", destination: "/x", options: ["bind"] }],
  },
  linux: {
    namespaces: [{ type: "mount" }, { type: "user" }],
    uidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
    gidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
  },
  request: {
    rootFilesystem: {
      kind: "overlay",
      areCallers: true,
      lower: ["/layers/b", "/layers/a"],
      upper: "/c1/upper",
      work: "/c1/work",
      userXattr: true,
      mountPoint: "/c1/root",
    },
  },
};

test("the root file system", async () => {
  const text = describeCases([
    [
      "a folder: nothing reaches the host, then the root is bound, entered, and the host's let go",
      root({}),
    ],
    [
      "read-only, when everything has been made in it",
      root({ spec: { root: { path: "rootfs", readonly: true } } }),
    ],
    [
      "layers, mounted where the container alone sees it",
      root({
        request: {
          rootFilesystem: {
            kind: "overlay",
            lower: ["/layers/b", "/layers/a"],
            upper: "/c1/upper",
            work: "/c1/work",
            userXattr: true,
            mountPoint: "/run/c1/root",
          },
        },
      }),
    ],
    [
      "layers with the ids of a user namespace: a child of the stage mounts them",
      root({
        linux: {
          namespaces: [{ type: "mount" }, { type: "user" }],
          uidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
          gidMappings: [{ containerID: 0, hostID: 200_000, size: 65_536 }],
        },
        request: {
          rootFilesystem: {
            kind: "overlay",
            idMapped: true,
            lower: ["/layers/a"],
            upper: "/c1/upper",
            work: "/c1/work",
            userXattr: false,
            mountPoint: "/c1/root",
          },
        },
      }),
    ],
    [
      "layers of an ordinary user whose container has another root: found before it is that one",
      listingOf(createProgram(ANOTHER_ROOT), [...PLACES, "linux.uidMappings", "mounts[0].source"]),
    ],
    ["without pivot_root", root({ request: { noPivot: true } })],
    [
      "without a mount namespace nothing of the host's is touched",
      root({ linux: { namespaces: [{ type: "uts" }] } }),
    ],
    ["shared: with a peer group of its own, once it is the root", propagation("shared")],
    ["runbindable", propagation("runbindable")],
    ["private: from the start", propagation("private")],
  ]);
  await expectGolden(join(import.meta.dir, "plan-root.txt"), text);
  expect(text).toMatch(/pivot_root\("\.", "\."\)\n\s+umount2\("\.", DETACH\)/);
});

test("masked and read-only paths", async () => {
  const kernelPaths = new Map([
    ["/proc/kcore", "file"],
    ["/proc/acpi", "directory"],
    ["/proc/timer_stats", "missing"],
    ["/proc/sys", "directory"],
  ] as const);
  const program = createProgram({
    spec: { mounts: [{ type: "proc", source: "proc", destination: "/proc" }] },
    linux: {
      namespaces: [{ type: "mount" }],
      maskedPaths: ["/proc/kcore", "/proc/acpi", "/proc/timer_stats", "/of/the/image"],
      readonlyPaths: ["/proc/sys", "/etc"],
    },
    facts: { kernelPaths },
  });
  const text = listingOf(program, ["linux.maskedPaths", "linux.readonlyPaths"]);
  await expectGolden(join(import.meta.dir, "plan-protected-paths.txt"), text);
  // The null device is the host's, and checked: the container's may be a link (CVE-2025-31133).
  expect(text).toMatch(/openat\(CWD, "\/dev\/null"[^#]*1:3/);
});
