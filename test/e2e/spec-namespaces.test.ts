// What config-linux.md says of namespaces, offsets of clocks, sysctls and names, seen from inside.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { NAMESPACE_TYPES, type Namespace, type NamespaceType } from "../../src/oci/linux.ts";
import { NEEDS_ROOT, Scratch } from "../hostile/scratch.ts";

const scratch = new Scratch();

afterEach(() => expect(scratch.leftovers()).toEqual([]));
afterAll(() => scratch.remove());

/** As /proc/PID/ns and unshare(1) call them. */
const FILES: Readonly<Record<NamespaceType, readonly [file: string, flag: string]>> = {
  pid: ["pid", "--pid"],
  network: ["net", "--net"],
  mount: ["mnt", "--mount"],
  ipc: ["ipc", "--ipc"],
  uts: ["uts", "--uts"],
  user: ["user", "--user"],
  cgroup: ["cgroup", "--cgroup"],
  time: ["time", "--time"],
};

/** A process in a namespace of its own, until it is disposed. */
class Keeper implements AsyncDisposable {
  readonly path: string;
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;

  private constructor(path: string, process: Bun.Subprocess<"pipe", "pipe", "inherit">) {
    this.path = path;
    this.#process = process;
  }

  static async of(type: NamespaceType): Promise<Keeper> {
    const [file, flag] = FILES[type];
    const words = ["unshare", flag, "--fork", "sh", "-c", "echo $$; exec cat"];
    const keeper = Bun.spawn(words, { stdin: "pipe", stdout: "pipe" });
    // Its first output says that the namespace is there, and that it is in it.
    await keeper.stdout.getReader().read();
    const child = readFileSync(`/proc/${keeper.pid}/task/${keeper.pid}/children`, "utf8").trim();
    if (type === "user") {
      writeFileSync(`/proc/${child}/uid_map`, "0 0 65536");
      writeFileSync(`/proc/${child}/gid_map`, "0 0 65536");
    }
    return new Keeper(`/proc/${child}/ns/${file}`, keeper);
  }

  get identity(): string {
    return readlinkSync(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    await this.#process.exited;
  }
}

const USUAL: readonly NamespaceType[] = ["pid", "network", "ipc", "uts", "mount"];

function namespacesWith(changed: Namespace): Namespace[] {
  const others = USUAL.filter((type) => type !== changed.type).map((type) => ({ type }));
  return [changed, ...others];
}

const LINKS = NAMESPACE_TYPES.map((type) => FILES[type][0]);
const SHOW_LINKS = LINKS.map((name) => `readlink /proc/self/ns/${name}`).join("\n");

describe.skipIf(NEEDS_ROOT)("namespaces (as root)", () => {
  test.each([...NAMESPACE_TYPES])("a %s namespace is joined by its path", async (type) => {
    await using keeper = await Keeper.of(type);
    const [file] = FILES[type];
    const bundle = scratch.bundle({
      script: `readlink /proc/self/ns/${file}`,
      linux: { namespaces: namespacesWith({ type, path: keeper.path }) },
    });
    expect(await scratch.outputOf(bundle)).toBe(`${keeper.identity}\n`);
  });

  test.each([...NAMESPACE_TYPES])("a %s namespace is made", async (type) => {
    const [file] = FILES[type];
    const maps = [{ containerID: 0, hostID: 0, size: 65_536 }];
    const bundle = scratch.bundle({
      script: `readlink /proc/self/ns/${file}`,
      linux: {
        namespaces: namespacesWith({ type }),
        ...(type === "user" ? { uidMappings: maps, gidMappings: maps } : {}),
      },
    });
    const inside = await scratch.outputOf(bundle);
    expect(inside).toStartWith(`${file}:[`);
    expect(inside.trim()).not.toBe(readlinkSync(`/proc/self/ns/${file}`));
  });

  test("what is not listed is the runtime's own", async () => {
    const bundle = scratch.bundle({
      script: SHOW_LINKS,
      linux: { namespaces: [{ type: "mount" }] },
    });
    const { hostname: _, ...spec } = bundle.spec;
    const inside = (await scratch.outputOf({ ...bundle, spec })).split("\n");
    LINKS.forEach((name, index) => {
      const own = readlinkSync(`/proc/self/ns/${name}`);
      expect(inside[index] === own).toBe(name !== "mnt");
    });
  });

  test("a path of another type is refused, and named", async () => {
    const namespaces = namespacesWith({ type: "network", path: "/proc/self/ns/uts" });
    const running = scratch.run(scratch.bundle({ linux: { namespaces } }));
    await expect(running).rejects.toThrow(
      'linux.namespaces[0].path: join the network namespace "/proc/self/ns/uts": invalid argument',
    );
  });

  test("a path of nothing is refused, and named", async () => {
    const namespaces = namespacesWith({ type: "ipc", path: "/nowhere" });
    const running = scratch.run(scratch.bundle({ linux: { namespaces } }));
    await expect(running).rejects.toThrow('join the ipc namespace "/nowhere": no such file');
  });

  test("a cgroup namespace begins at the container's cgroup", async () => {
    const bundle = scratch.bundle({
      script: "cat /proc/self/cgroup",
      linux: { namespaces: namespacesWith({ type: "cgroup" }) },
    });
    const paths = (await scratch.outputOf(bundle)).trim().split("\n");
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.filter((line) => !line.endsWith(":/"))).toEqual([]);
  });
});

describe.skipIf(NEEDS_ROOT)("what namespaces have of their own (as root)", () => {
  test("clocks are off by the offsets that are given", async () => {
    const bundle = scratch.bundle({
      script: "cat /proc/uptime; cat /proc/self/timens_offsets",
      linux: {
        namespaces: namespacesWith({ type: "time" }),
        timeOffsets: { boottime: { secs: 1_000_000, nanosecs: 5 }, monotonic: { secs: -1 } },
      },
    });
    const [uptime = "", ...offsets] = (await scratch.outputOf(bundle)).trim().split("\n");
    const host = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
    const difference = Number(uptime.split(" ")[0]) - host;
    expect(Math.abs(difference - 1_000_000)).toBeLessThan(60);
    expect(offsets.map((line) => line.split(/\s+/))).toEqual([
      ["monotonic", "-1", "0"],
      ["boottime", "1000000", "5"],
    ]);
  });

  test("sysctls have the values that are given, in either spelling", async () => {
    const sysctl = {
      "kernel.shmmni": "1234",
      "net/ipv4/ip_forward": "1",
      "net.ipv4.conf.lo.rp_filter": "2",
      "fs.mqueue.msg_max": "7",
    };
    const files = [
      "kernel/shmmni",
      "net/ipv4/ip_forward",
      "net/ipv4/conf/lo/rp_filter",
      "fs/mqueue/msg_max",
    ];
    const before = readFileSync("/proc/sys/kernel/shmmni", "utf8");
    const bundle = scratch.bundle({
      script: files.map((file) => `cat /proc/sys/${file}`).join("\n"),
      linux: { sysctl },
    });
    expect(await scratch.outputOf(bundle)).toBe("1234\n1\n2\n7\n");
    expect(readFileSync("/proc/sys/kernel/shmmni", "utf8")).toBe(before);
  });

  test("a sysctl that the kernel refuses is named", async () => {
    const bundle = scratch.bundle({ linux: { sysctl: { "net.ipv4.no_such_thing": "1" } } });
    await expect(scratch.run(bundle)).rejects.toThrow(
      'linux.sysctl.net.ipv4.no_such_thing: write "1" to "/proc/sys/net/ipv4/no_such_thing"',
    );
  });

  test("host name and domain name", async () => {
    const bundle = scratch.bundle({
      script: "cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname",
    });
    const spec = { ...bundle.spec, hostname: "inside", domainname: "example.test" };
    expect(await scratch.outputOf({ ...bundle, spec })).toBe("inside\nexample.test\n");
  });
});
