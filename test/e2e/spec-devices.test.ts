// What config-linux.md says of devices and network devices, seen from inside real containers.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Device, Linux } from "../../src/oci/linux.ts";
import { NEEDS_ROOT, Scratch } from "../hostile/scratch.ts";

const scratch = new Scratch();
chmodSync(scratch.folder, 0o711);

afterEach(() => expect(scratch.leftovers()).toEqual([]));
afterAll(() => scratch.remove());

const DEFAULTS = ["null", "zero", "full", "random", "urandom", "tty"];
const DEVICES = DEFAULTS.map((name) => `/dev/${name}`).join(" ");
/** Type and permissions, owner, device number in hexadecimal. */
const STAT = "stat -c '%n %F %a %u:%g %t:%T'";
const USER_NAMESPACE: Partial<Linux> = {
  namespaces: (["pid", "network", "ipc", "uts", "mount", "user"] as const).map((type) => ({
    type,
  })),
  uidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
  gidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
};

describe.skipIf(NEEDS_ROOT)("devices (as root)", () => {
  test("the default ones and the links are there, and work", async () => {
    const links = "for name in fd stdin stdout stderr ptmx; do readlink /dev/$name; done";
    const bundle = scratch.bundle({
      script: `${STAT} ${DEVICES}; ${links}; echo gone > /dev/null; busybox head -c 3 /dev/zero`,
    });
    const lines = (await scratch.outputOf(bundle)).split("\n");
    expect(lines).toEqual([
      "/dev/null character special file 666 0:0 1:3",
      "/dev/zero character special file 666 0:0 1:5",
      "/dev/full character special file 666 0:0 1:7",
      "/dev/random character special file 666 0:0 1:8",
      "/dev/urandom character special file 666 0:0 1:9",
      "/dev/tty character special file 666 0:0 5:0",
      "/proc/self/fd",
      "/proc/self/fd/0",
      "/proc/self/fd/1",
      "/proc/self/fd/2",
      "pts/ptmx",
      "\0\0\0",
    ]);
  });

  const CONFIGURED: readonly Device[] = [
    { path: "/dev/char", type: "c", major: 10, minor: 229, fileMode: 0o640, uid: 3, gid: 4 },
    // Engines copy a whole st_mode.
    { path: "/dev/block", type: "b", major: 7, minor: 300, fileMode: 0o60_604 },
    { path: "/dev/unbuffered", type: "u", major: 1, minor: 5 },
    { path: "/dev/a/fifo", type: "p", fileMode: 0o1620, gid: 9 },
    { path: "/elsewhere/deep/null", type: "c", major: 1, minor: 3 },
    { path: "/dev/zero", type: "c", major: 1, minor: 5, fileMode: 0o600 },
  ];

  test("configured ones have their types, numbers, modes and owners, anywhere", async () => {
    const paths = CONFIGURED.map(({ path }) => path).join(" ");
    const bundle = scratch.bundle({ linux: { devices: CONFIGURED }, script: `${STAT} ${paths}` });
    expect((await scratch.outputOf(bundle)).trim().split("\n")).toEqual([
      "/dev/char character special file 640 3:4 a:e5",
      "/dev/block block special file 604 0:0 7:12c",
      "/dev/unbuffered character special file 666 0:0 1:5",
      "/dev/a/fifo fifo 1620 0:9 0:0",
      "/elsewhere/deep/null character special file 666 0:0 1:3",
      "/dev/zero character special file 600 0:0 1:5",
    ]);
  });

  test("in a user namespace they are the host's, FIFOs of one's own", async () => {
    const devices: Device[] = [
      { path: "/dev/ptmx", type: "c", major: 5, minor: 2 },
      { path: "/dev/pipe", type: "p", uid: 5 },
    ];
    const bundle = scratch.bundle({
      linux: { ...USER_NAMESPACE, devices },
      script: `stat -c '%n %F %t:%T' ${DEVICES} /dev/pipe; stat -c %u /dev/pipe; echo > /dev/null`,
    });
    const lines = (await scratch.outputOf(bundle)).trim().split("\n");
    expect(lines[0]).toBe("/dev/null character special file 1:3");
    expect(lines.slice(-2)).toEqual(["/dev/pipe fifo 0:0", "5"]);
  });

  test("one that the host has not by that name and number cannot be bound", async () => {
    const devices: Device[] = [{ path: "/dev/null", type: "c", major: 1, minor: 5 }];
    const running = scratch.run(scratch.bundle({ linux: { ...USER_NAMESPACE, devices } }));
    await expect(running).rejects.toThrow(
      'linux.devices[0]: use what is in the place of the device "/dev/null": no such device',
    );
  });

  const noDev = (scratch.bundle().spec.mounts ?? []).filter(
    ({ destination }) => !destination.startsWith("/dev"),
  );

  test.each<[string, (path: string) => void]>([
    ["a file", (path) => writeFileSync(path, "")],
    ["a link", (path) => symlinkSync("/etc/shadow", path)],
    ["a folder", (path) => mkdirSync(path)],
    ["another device", (path) => Bun.spawnSync(["mknod", path, "c", "1", "5"])],
  ])("%s of the image in the place of one is refused", async (_what, make) => {
    const bundle = scratch.bundle({
      allMounts: noDev,
      image: (root) => make(join(root, "dev/own")),
      linux: { devices: [{ path: "/dev/own", type: "c", major: 1, minor: 3 }] },
    });
    await expect(scratch.run(bundle)).rejects.toThrow(
      'linux.devices[0]: use what is in the place of the device "/dev/own": file exists',
    );
  });

  test("the image's own node of a device is used as it is", async () => {
    const bundle = scratch.bundle({
      allMounts: noDev,
      image: (root) => Bun.spawnSync(["mknod", "-m", "600", join(root, "dev/null"), "c", "1", "3"]),
      script: `${STAT} /dev/null`,
    });
    expect(await scratch.outputOf(bundle)).toBe("/dev/null character special file 600 0:0 1:3\n");
  });

  test("what the configuration mounts in the place of a default one stays", async () => {
    const random = {
      type: "none",
      source: "/dev/urandom",
      destination: "/dev/random",
      options: ["bind"],
    };
    const usual = scratch.bundle().spec.mounts ?? [];
    for (const allMounts of [
      [...usual, random],
      [...noDev, random],
    ]) {
      const bundle = scratch.bundle({ allMounts, script: "stat -c %t:%T /dev/random" });
      expect(await scratch.outputOf(bundle)).toBe("1:9\n");
    }
  });

  test("a /dev that is bound from elsewhere is left alone", async () => {
    const dev = join(scratch.folder, "dev");
    mkdirSync(dev);
    const bundle = scratch.bundle({
      allMounts: [...noDev, { type: "none", source: dev, destination: "/dev", options: ["bind"] }],
      script: "ls -A /dev",
    });
    expect(await scratch.outputOf(bundle)).toBe("");
  });
});

function ip(...words: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["ip", ...words]);
  if (exitCode !== 0) {
    throw new Error(`ip ${words.join(" ")}: ${stderr}`);
  }
}

const HAS_IP = Bun.which("ip") !== null;

/** Two ends of a cable, until it is disposed: the container takes the first. */
class Cable implements Disposable {
  static #made = 0;
  readonly ours: string;
  readonly theirs: string;

  constructor() {
    Cable.#made += 1;
    this.ours = `oc${process.pid % 100_000}a${Cable.#made}`;
    this.theirs = `oc${process.pid % 100_000}b${Cable.#made}`;
    ip("link", "add", this.theirs, "type", "veth", "peer", "name", this.ours);
  }

  [Symbol.dispose](): void {
    // Gone with its other end, where the container has taken it.
    Bun.spawnSync(["ip", "link", "delete", this.ours]);
  }
}

describe.skipIf(NEEDS_ROOT || !HAS_IP)("network devices (as root, with iproute2)", () => {
  test("move with their permanent addresses, and are up", async () => {
    using cable = new Cable();
    ip("address", "add", "192.0.2.7/24", "dev", cable.theirs);
    ip("address", "add", "2001:db8::7/64", "dev", cable.theirs, "nodad");
    ip(
      "address",
      "add",
      "192.0.2.8/24",
      "valid_lft",
      "1000",
      "preferred_lft",
      "1000",
      "dev",
      cable.theirs,
    );
    ip("link", "set", cable.theirs, "address", "02:00:00:00:00:07", "mtu", "1400");
    const bundle = scratch.bundle({
      linux: { netDevices: { [cable.theirs]: { name: "eth7" } } },
      script: "busybox ip addr show eth7",
    });
    const output = await scratch.outputOf(bundle);
    expect(output).toMatch(
      /eth7@\S+ <[A-Z,]*UP[A-Z,]*> mtu 1400|eth7@\S+: <[A-Z,_-]*UP[A-Z,_-]*> mtu 1400/,
    );
    expect(output).toContain("02:00:00:00:00:07");
    expect(output).toContain("inet 192.0.2.7/24");
    expect(output).toContain("inet6 2001:db8::7/64");
    expect(output).not.toContain("192.0.2.8");
  });

  test("keep their names where no other is given", async () => {
    using cable = new Cable();
    const bundle = scratch.bundle({
      linux: { netDevices: { [cable.theirs]: {} } },
      script: "ls /sys/class/net",
    });
    expect((await scratch.outputOf(bundle)).split("\n")).toContain(cable.theirs);
  });

  test("take a pattern for a name, also in a namespace that is joined", async () => {
    using first = new Cable();
    using second = new Cable();
    ip("address", "add", "192.0.2.9/24", "dev", second.theirs);
    const name = `ocicat-${process.pid}`;
    ip("netns", "add", name);
    try {
      ip("link", "set", first.theirs, "netns", name, "name", "eth0");
      const namespaces = (["pid", "ipc", "uts", "mount"] as const).map((type) => ({ type }));
      const bundle = scratch.bundle({
        linux: {
          namespaces: [...namespaces, { type: "network", path: `/run/netns/${name}` }],
          netDevices: { [second.theirs]: { name: "eth%d" } },
        },
        script: "busybox ip addr show eth1",
      });
      const output = await scratch.outputOf(bundle);
      expect(output).toContain("inet 192.0.2.9/24");
      expect(output).toMatch(/<[A-Z,_-]*UP[A-Z,_-]*>/);
      const taken = scratch.bundle({
        linux: {
          namespaces: [...namespaces, { type: "network", path: `/run/netns/${name}` }],
          netDevices: { [first.ours]: { name: "eth0" } },
        },
      });
      await expect(scratch.run(taken)).rejects.toThrow(
        `linux.netDevices.${first.ours}: move the network interface "${first.ours}" into the ` +
          'container as "eth0": file exists (EEXIST)',
      );
    } finally {
      ip("netns", "delete", name);
    }
  });

  test("that are not there are named", async () => {
    const bundle = scratch.bundle({ linux: { netDevices: { nosuch0: {} } } });
    await expect(scratch.run(bundle)).rejects.toThrow('there is no network interface "nosuch0"');
  });

  test("need a network namespace", async () => {
    const bundle = scratch.bundle({
      linux: { namespaces: [{ type: "mount" }, { type: "uts" }], netDevices: { lo: {} } },
    });
    await expect(scratch.run(bundle)).rejects.toThrow(
      "linux.netDevices: needs a network namespace",
    );
  });
});
