// Devices and the hooks that run inside.

import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Device } from "../../src/oci/linux.ts";
import { expectGolden } from "./expect-golden.ts";
import { type Changes, createProgram, describeCases, listingOf } from "./plan-listing.ts";

const DEVICES: readonly Device[] = [
  { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o20_640, uid: 3, gid: 4 },
  { path: "/dev/block", type: "b", major: 7, minor: 300 },
  { path: "/elsewhere/pipe", type: "p", fileMode: 0o600 },
];

const PLACES = ["default devices", "linux.devices"];

function devices(changes: Changes): string {
  return listingOf(createProgram(changes), PLACES);
}

test("devices", async () => {
  const namespaces = [{ type: "mount" as const }];
  const maps = [{ containerID: 0, hostID: 1000, size: 10 }];
  const userNamespace = {
    namespaces: [...namespaces, { type: "user" as const }],
    uidMappings: maps,
    gidMappings: maps,
  };
  const dev = { type: "tmpfs", source: "tmpfs", destination: "/dev", options: ["mode=755"] };
  const bound = { type: "bind", source: "/dev", destination: "/dev" };
  const text = describeCases([
    [
      "made, in a tmpfs that this program has mounted",
      devices({ spec: { mounts: [dev] }, linux: { namespaces, devices: DEVICES } }),
    ],
    [
      "bound, in a user namespace",
      listingOf(createProgram({ linux: { ...userNamespace, devices: DEVICES } }), [
        "linux.devices",
      ]),
    ],
    ["not at all, in a /dev of the host's", devices({ spec: { mounts: [bound] } })],
  ]);
  await expectGolden(join(import.meta.dir, "plan-devices.txt"), text);
  expect(text).toContain('mknodat(tree, "fuse", c|0640, 10:229)');
});

test("hooks inside", async () => {
  const hook = { path: "/bin/hook", args: ["hook", "-x"], env: ["A=1"] };
  const changes = {
    spec: {
      hooks: {
        prestart: [hook],
        createRuntime: [hook],
        createContainer: [{ ...hook, timeout: 3 }],
        startContainer: [hook],
      },
    },
    request: { end: { kind: "create" as const } },
  };
  const text = listingOf(createProgram(changes), ["hooks", "start"]);
  await expectGolden(join(import.meta.dir, "plan-hooks.txt"), text);
  expect(text).toMatch(
    /report\(HOOKS, 0\)[^#]*createContainer\[0\][^#]*accept4[^#]*startContainer\[0\]/,
  );
});
