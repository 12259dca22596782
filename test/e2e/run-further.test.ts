// Flags of `ocicat run` that few need: each does what it says, or says why it can't.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: further flags", () => {
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

  test("variables", async () => {
    const env = { OCT_ONE: "1", OCT_TWO: "2" };
    const output = await place.output(["-e", "OCT_*", image, "env"], { env });
    expect(output).toContain("OCT_ONE=1\nOCT_TWO=2\n");
    expect(await place.output(["--env-host", image, "env"], { env })).toContain("OCT_TWO=2\n");
    expect(await sh("echo $PATH", "--env-merge", "PATH=$PATH:/mine")).toBe("/bin:/mine\n");
    expect(await sh("echo .$FROM_IMAGE.", "--unsetenv", "FROM_IMAGE")).toBe("..\n");
    const only = await place.output(["--unsetenv-all", "-e", "A=1", image, "/bin/env"]);
    expect(only.split("\n")).toEqual(expect.arrayContaining(["A=1"]));
    expect(only).not.toContain("PATH");
    expect(await refusal("--unsetenv", "A=1")).toContain("it is not the name of a variable");
  });

  test("--umask, --domainname, --personality, --tz", async () => {
    expect(await sh("umask", "--umask", "077")).toBe("0077\n");
    expect(await sh("cat /proc/sys/kernel/domainname", "--domainname", "nis")).toBe("nis\n");
    const machine = await sh("uname -m", "--personality", "LINUX32");
    expect(machine).toMatch(/^(i686|armv8l)\n$/);
    expect(await refusal("--umask", "9")).toContain("it is not an octal number");
    expect(await refusal("--tz", "../etc")).toContain("it is neither a zone");
    expect(await refusal("--tz", "Nowhere/Land")).toContain('the time zone "Nowhere/Land"');
    if (existsSync("/usr/share/zoneinfo/Asia/Tokyo")) {
      expect(await sh("date +%z", "--tz", "Asia/Tokyo")).toBe("+0900\n");
    }
  });

  test("--read-only-tmpfs, --quiet, --arch", async () => {
    const flags = ["--read-only", "--read-only-tmpfs", "--tmpfs", "/run:size=1m", "-q"];
    const written = await sh(
      "touch /run/a /tmp/b /var/tmp/c && touch /d 2>/dev/null || echo no",
      ...flags,
    );
    expect(written).toBe("no\n");
    expect(await sh("grep -c ' /tmp ' /proc/mounts || :", "--read-only-tmpfs")).toBe("0\n");
    expect(await refusal("--platform", "linux/amd64", "--arch", "arm64")).toContain(
      "does not go with",
    );
  });

  test("--pidfile, --replace, --volumes-from", async () => {
    const pidFile = join(place.folder, "pid");
    place.detach(
      "one",
      "echo here > /data/file; exec sleep 100",
      "-v",
      "vol:/data",
      "--pidfile",
      pidFile,
    );
    const pid = place.outputOf("inspect", "-f", "{{.State.Pid}}", "one").trim();
    expect(readFileSync(pidFile, "utf8")).toBe(pid);
    const written = ["one", "test", "-s", "/data/file"];
    await eventually("its file", () => place.call("exec", written).status === 0);
    const taken = [
      "create",
      "--name",
      "two",
      "--volumes-from",
      "one:ro",
      image,
      "cat",
      "/data/file",
    ];
    place.outputOf(...(taken as [string, ...string[]]));
    expect(place.outputOf("start", "-a", "two")).toBe("here\n");
    expect(JSON.parse(place.outputOf("inspect", "two"))[0].Mounts).toMatchObject([
      { Type: "volume", Name: "vol", Destination: "/data", RW: false },
    ]);
    const first = place.idOf("one");
    place.outputOf("create", "--name", "one", "--replace", image, "true");
    expect(place.idOf("one")).not.toBe(first);
    expect(place.call("create", ["--replace", image, "true"]).stderr).toContain("it needs --name");
    expect(place.call("create", ["--volumes-from", "none", image, "true"]).status).toBe(125);
  });

  test("--security-opt: what is hidden, options of /proc, profiles of docker's format", async () => {
    const opt = (...words: string[]) => words.flatMap((word) => ["--security-opt", word]);
    expect(await sh("wc -c < /proc/timer_list", ...opt("unmask=ALL"))).not.toBe("0\n");
    expect(await sh("cat /proc/timer_list; cat /etc/group", ...opt("mask=/etc/group"))).toBe("");
    expect(
      await sh("touch /proc/sys/kernel/x 2>&1", ...opt("unmask=/proc/sys")).catch(String),
    ).not.toContain("Read-only");
    expect(await sh("grep ' /proc ' /proc/mounts", ...opt("proc-opts=hidepid=2"))).toContain(
      "hidepid",
    );
    expect(await sh("echo fine", ...opt("label=disable", "apparmor=unconfined"))).toBe("fine\n");
    expect(await refusal(...opt("label=type:x_t"))).toContain("labels of SELinux");
    expect(await refusal(...opt("colour=red"))).toContain("it is none of seccomp=");
    const profile = join(place.folder, "profile.json");
    const rule = { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 1 };
    const syscalls = [{ ...rule, comment: "no folders", excludes: { caps: ["CAP_NET_ADMIN"] } }];
    writeFileSync(
      profile,
      JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", archMap: [], syscalls }),
    );
    const seccomp = opt(`seccomp=${profile}`);
    expect(await sh("mkdir /x 2>/dev/null || echo no", ...seccomp)).toBe("no\n");
    expect(await sh("mkdir /x && echo yes", ...seccomp, "--cap-add", "NET_ADMIN")).toBe("yes\n");
  });

  test("what can't work is refused", async () => {
    expect(await refusal("--gpus", "all")).toContain("devices that a driver describes");
    expect(await refusal("--device", "vendor.com/gpu=all")).toContain("(CDI) are not known");
    expect(await refusal("--ip", "10.0.0.2")).toContain("there are no networks with addresses");
    expect(await refusal("--timeout", "5")).toContain("no process watches the time");
    expect(await refusal("--cgroup-conf", "../x=1")).toContain("it is no file of a cgroup");
    expect(await sh("echo fine", "--ipc", "shareable")).toBe("fine\n");
  });
});
