// Whose namespaces a container of `ocicat run` is in, and how its programs find hosts.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: namespaces and names", () => {
  const place = new ContainerPlace();
  let image = "";
  beforeAll(() => {
    image = place.image;
  });
  afterEach(async () => {
    place.clear();
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  const sh = (script: string, ...flags: string[]) =>
    place.output([...flags, image, "sh", "-c", script]);
  const refusal = async (...flags: string[]) => {
    const { status, stderr } = await place.run([...flags, image, "true"]);
    expect(status).toBe(125);
    return stderr;
  };
  const own = (name: string) => `${readlinkSync(`/proc/self/ns/${name}`)}\n`;

  test.each([
    ["--network", "net"],
    ["--ipc", "ipc"],
    ["--uts", "uts"],
    ["--pid", "pid"],
    ["--cgroupns", "cgroup"],
  ])("%s host, private", async (flag, name) => {
    const script = `readlink /proc/self/ns/${name}`;
    expect(await sh(script, flag, "host")).toBe(own(name));
    expect(await sh(script, flag, flag === "--network" ? "none" : "private")).not.toBe(own(name));
    expect(await refusal(flag, "sideways")).toContain(`use ${flag} "sideways"`);
  });

  test.each([
    ["--network", "net"],
    ["--ipc", "ipc"],
    ["--uts", "uts"],
    ["--pid", "pid"],
  ])("%s container:NAME", async (flag, name) => {
    place.detach("other", "echo ready; exec sleep 100");
    const script = `readlink /proc/self/ns/${name}`;
    const theirs = place.outputOf("exec", "other", "readlink", `/proc/self/ns/${name}`);
    expect(await sh(script, flag, "container:other")).toBe(theirs);
    expect(await refusal(flag, "container:nobody")).toContain('container "nobody"');
    place.call("stop", ["-t", "0", "other"]);
    expect(await refusal(flag, "container:other")).toContain("it is not running");
  });

  test("--pid container:NAME sees the processes of both", async () => {
    place.detach("other", "exec sleep 4321");
    expect(await sh("ps", "--pid", "container:other")).toContain("sleep 4321");
  });

  test("--uts host keeps the host's name, and takes no other", async () => {
    const name = readFileSync("/proc/sys/kernel/hostname", "utf8");
    expect(await sh("hostname", "--uts", "host")).toBe(name);
    expect(await refusal("--uts", "host", "-h", "mine")).toContain("--uts takes another one's");
    expect(readFileSync("/proc/sys/kernel/hostname", "utf8")).toBe(name);
  });

  test("--ipc none is one of its own without shared memory", async () => {
    const script = "grep -c /dev/shm /proc/mounts; readlink /proc/self/ns/ipc";
    const output = await sh(`${script}; true`, "--ipc", "none");
    expect(output).toStartWith("0\n");
    expect(output).not.toContain(own("ipc"));
  });

  test("--ipc host shows the host's shared memory", async () => {
    const theirs = await sh("stat -c %d /dev/shm", "--ipc", "host");
    expect(theirs).toBe(Bun.spawnSync(["stat", "-c", "%d", "/dev/shm"]).stdout.toString());
  });

  test("--network ns:PATH", async () => {
    const holder = Bun.spawn(["unshare", "-n", "sh", "-c", "echo; exec cat"], {
      stdin: "pipe",
      stdout: "pipe",
    });
    await holder.stdout.getReader().read();
    const path = `/proc/${holder.pid}/ns/net`;
    expect(await sh("readlink /proc/self/ns/net", "--network", `ns:${path}`)).toBe(
      `${readlinkSync(path)}\n`,
    );
    holder.kill();
    await holder.exited;
    expect(await refusal("--network", "ns:/run/no-such-namespace")).toContain("no such file");
  });

  test("hostname, hosts and resolv.conf are the container's own, and can be written", async () => {
    const script = `cat /etc/hostname; echo "10.9.8.7 more" >> /etc/hosts; cat /etc/hosts
      cat /etc/resolv.conf`;
    const flags = ["-h", "mine", "--add-host", "db:10.0.0.1", "--dns", "10.0.0.53"];
    const more = ["--dns-search", "example.org", "--dns-option", "ndots:2"];
    const text = await sh(script, ...flags, ...more);
    expect(await sh("stat -c %a /etc/hosts", ...flags)).toBe("644\n");
    expect(text).toStartWith("mine\n127.0.0.1\tlocalhost\n");
    expect(text).toContain("10.0.0.1\tdb\n10.9.8.7 more\n");
    expect(text.split("\n").filter((line) => line.startsWith("nameserver"))).toEqual([
      "nameserver 10.0.0.53",
    ]);
    expect(text).toContain("search example.org\noptions ndots:2\n");
    expect(readFileSync("/etc/hosts", "utf8")).not.toContain("10.9.8.7");
  });

  test("in the host's network: the host's names; in another container's: that one's", async () => {
    const hosts = readFileSync("/etc/hosts", "utf8").trim();
    const text = await sh(
      "hostname; cat /etc/hosts",
      "--network",
      "host",
      "--add-host",
      "a:10.0.0.2",
    );
    expect(text).toStartWith(readFileSync("/proc/sys/kernel/hostname", "utf8"));
    expect(text).toContain(hosts);
    expect(text).toEndWith("10.0.0.2\ta\n");
    place.detach("other", "exec sleep 100", "--add-host", "b:10.0.0.3");
    expect(await sh("cat /etc/hosts", "--network", "container:other")).toContain("10.0.0.3\tb\n");
  });

  test("a mount of the user's wins over them; --no-hosts leaves the image's", async () => {
    const bind = `${place.root}/etc/issue:/etc/hosts`;
    expect(await sh("cat /etc/hosts", "-v", bind)).toBe("an image for tests\n");
    expect(await sh("grep -c ' /etc/hosts ' /proc/mounts || true", "--no-hosts")).toBe("0\n");
  });

  test("stop sends what the image says", async () => {
    const script = "trap 'echo usr1; exit 7' USR1; echo ready; while :; do sleep 0.05; done";
    place.detach("stopped", script, "--stop-signal", "SIGUSR1");
    await eventually("its trap", () => place.outputOf("logs", "stopped").includes("ready"));
    place.call("stop", ["stopped"]);
    expect(place.outputOf("wait", "stopped")).toBe("7\n");
  });
});
