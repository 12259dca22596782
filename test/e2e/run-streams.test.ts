// Flags of `ocicat run` about the streams, signals and descriptors of whoever runs a container, about the
// accounts inside, and about what else docker and podman know a container by.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { detectCgroupHost } from "../../src/cgroup/detect.ts";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";
import { OCICAT } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const IS_V2 = detectCgroupHost().layout === "v2";

describe.skipIf(NEEDS_ROOT)("as root: streams and accounts", () => {
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
  const inspected = (name: string, field: string) =>
    place.outputOf("inspect", "-f", `{{${field}}}`, name).trim();

  test("--attach: the other streams are in the log alone", async () => {
    const script = ["sh", "-c", "echo out; echo err >&2; cat"];
    const some = await place.run(["-a", "stderr", image, ...script]);
    expect([some.stdout, some.stderr]).toEqual(["", "err\n"]);
    const child = place.start("run", [
      ...[
        "--cgroup-parent",
        `octest-${process.pid}`,
        "--name",
        "kept",
        "-i",
        "-a",
        "stdout",
        image,
      ],
      ...["sh", "-c", "echo out; echo err >&2"],
    ]);
    expect([await child.stdout.text(), await child.exited]).toEqual(["out\n", 0]);
    expect(place.call("logs", ["kept"])).toMatchObject({ stdout: "out\n", stderr: "err\n" });
    expect(await refusal("-a", "stdlog")).toContain("it is none of stdin, stdout, stderr");
    expect(await refusal("-d", "-a", "stdout")).toContain("it does not go with --detach");
  });

  test("--sig-proxy=false: a signal ends the command, and the container goes on", async () => {
    const words = [
      "--sig-proxy=false",
      image,
      "sh",
      "-c",
      "trap 'echo got' TERM; echo up; while :; do sleep 0.05; done",
    ];
    const attachments = () =>
      place
        .outputOf("events", "--no-stream", "-f", "container=deaf", "-f", "event=attach")
        .split("\n").length - 1;
    const child = place.spawn(words, {}, "deaf");
    // Not before: a signal to a command that is still starting its container ends the start.
    await eventually("it runs", () => place.call("logs", ["deaf"]).stdout === "up\n");
    child.kill("SIGTERM");
    await child.exited;
    expect(child.signalCode).toBe("SIGTERM");
    expect(inspected("deaf", ".State.Status")).toBe("running");
    const second = place.start("attach", ["--sig-proxy=false", "deaf"]);
    // The command that ran it was the first to attend.
    await eventually("it attends", () => attachments() === 2);
    second.kill("SIGTERM");
    await second.exited;
    expect(place.outputOf("logs", "deaf")).toBe("up\n");
  });

  test("--preserve-fds, of run and of exec", async () => {
    const passed = [OCICAT, "run", "--rm", ...place.flags, "--preserve-fds", "2", image];
    const script = "echo three >&3; echo four >&4; ls /proc/self/fd";
    const run = Bun.spawn([...passed, "sh", "-c", script], {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    });
    const [, , , three, four] = run.stdio;
    expect(await textOf(three)).toBe("three\n");
    expect(await textOf(four)).toBe("four\n");
    expect(await run.exited).toBe(0);
    place.detach("web", "exec sleep 100");
    const words = ["exec", ...place.flags, "--preserve-fds", "1", "web", "sh", "-c", "echo x >&3"];
    const exec = Bun.spawn([OCICAT, ...words], { stdio: ["ignore", "pipe", "pipe", "pipe"] });
    expect(await textOf(exec.stdio[3])).toBe("x\n");
    expect(await exec.exited).toBe(0);
    expect(await refusal("--preserve-fds", "9")).toContain("is not open");
  });

  test("--passwd-entry, --group-entry, --hostuser, --passwd", async () => {
    expect(await sh("tail -1 /etc/passwd", "-u", "1234", "--passwd")).toBe(
      "1234:*:1234:0:container user:/:/bin/sh\n",
    );
    const same = "cat /etc/passwd | wc -l";
    expect(await sh(same, "--passwd")).toBe(await sh(same));
    const entry = ["--passwd-entry", "me:x:$UID:$GID:$NAME:/home:/bin/sh", "-u", "77:88"];
    expect(await sh("tail -1 /etc/passwd; whoami", ...entry)).toBe(
      "me:x:77:88:container user:/home:/bin/sh\nme\n",
    );
    expect(await sh(same, "--passwd-entry", "me:x:0:0::/:/bin/sh")).toBe(await sh(same));
    const group = ["--group-entry", "us:x:$GID:$USERLIST", "-u", "77:88"];
    expect(await sh("tail -1 /etc/group", ...group)).toBe("us:x:88:77\n");
    expect(await sh("id -u", "--hostuser", "nobody", "-u", "nobody")).toBe("65534\n");
    const none = await place.run(["--hostuser", "no-such-user", image, "true"]);
    expect(none.stderr).toContain("the host's /etc/passwd has no such name");
    expect(await refusal("--passwd-entry", "a\nb")).toContain("it is more than one line");
  });

  test("--expose, --requires, --conmon-pidfile, --pod-id-file", () => {
    place.outputOf("create", "--name", "needed", image, "sleep", "100");
    const pidFile = join(place.folder, "holder");
    place.detach(
      ...(["web", "exec sleep 100", "--expose", "80", "--expose", "53-54/udp"] as const),
      ...(["--requires", "needed", "--conmon-pidfile", pidFile] as const),
    );
    expect(inspected("needed", ".State.Status")).toBe("running");
    expect(JSON.parse(inspected("web", "json .Config.ExposedPorts"))).toEqual({
      "80/tcp": {},
      "53/udp": {},
      "54/udp": {},
    });
    expect(place.outputOf("port", "web")).toBe("");
    expect(Number(readFileSync(pidFile, "utf8"))).toBe(place.startRecord("web").holderPid);
    const pod = place.outputOf("pod create", "--name", "group").trim();
    const file = join(place.folder, "pod-id");
    writeFileSync(file, `${pod}\n`);
    place.outputOf("create", "--name", "member", "--pod-id-file", file, image, "true");
    expect(place.outputOf("ps", "-a", "--filter", "pod=group", "--format", "{{.Names}}")).toBe(
      "member\n",
    );
    place.outputOf("pod rm", "-f", "group");
    expect(place.call("create", ["--expose", "x", image]).stderr).toContain("PORT[-PORT]");
  });

  test("--no-hostname, --hosts-file", async () => {
    expect(await sh("cat /etc/hostname 2>&1", "--no-hostname").catch(String)).toContain("No such");
    const hosts = join(place.folder, "hosts");
    writeFileSync(hosts, "192.0.2.7 seven\n");
    expect(await sh("cat /etc/hosts", "--hosts-file", hosts)).toStartWith("192.0.2.7 seven\n");
    expect(await refusal("--hosts-file", "hosts")).toContain("it is neither an absolute path");
  });

  test("--rmi takes the image, unless another container uses it", async () => {
    place.outputOf("create", "--name", "base", image, "true");
    place.outputOf("commit", "-q", "base", "octest/gone:1");
    expect(await place.output(["--rmi", "octest/gone:1", "echo", "once"])).toBe("once\n");
    expect(place.onImages("images", "-q", "octest/gone")).toBe("");
    expect(await refusal("--rmi", "-d")).toContain("it does not go with --detach");
  });

  test("what is so anyway is taken, and nothing else", async () => {
    const anyway = [
      "--cgroups",
      "enabled",
      "--sdnotify=ignore",
      "--systemd=false",
      "--isolation=default",
    ];
    expect(await sh("echo fine", ...anyway, "--disable-content-trust")).toBe("fine\n");
    expect(await refusal("--cgroups", "disabled")).toContain("a cgroup of its own");
    expect(await refusal("--systemd=always")).toContain("nothing is prepared for systemd");
    expect(await refusal("--disable-content-trust=false")).toContain("are not verified");
    expect(await refusal("-P")).toContain("there are no networks with ports yet");
    expect(await refusal("--cpu-count", "2")).toContain("containers of Windows");
  });

  test("proxies", async () => {
    const env = { HTTP_PROXY: "http://p:1", no_proxy: "localhost", OCT_PROXY: "x" };
    const given = await place.output(["--http-proxy", image, "env"], { env });
    expect(given).toContain("HTTP_PROXY=http://p:1\nno_proxy=localhost\n");
    expect(given).not.toContain("OCT_PROXY");
  });

  test("--memory-swappiness, --oom-kill-disable, --cpu-rt-runtime: where the kernel has them", async () => {
    const flags = [
      ["--memory-swappiness", "10"],
      ["--oom-kill-disable"],
      ["--cpu-rt-runtime", "10"],
    ];
    for (const words of IS_V2 ? flags : []) {
      expect(await refusal(...words)).toContain("cgroups of version 2, which have no such limit");
    }
    if (!IS_V2) {
      const one = await place.run(["-m", "64m", "--memory-swappiness", "10", image, "true"]);
      expect(one.stderr).toBe("");
    }
    expect(await refusal("--memory-swappiness", "101")).toContain("from -1 to 100");
    expect(await refusal("--blkio-weight-device", "/dev/null")).toContain("DEVICE:WEIGHT");
    place.outputOf(
      "create",
      "--name",
      "w",
      "--blkio-weight-device",
      "/dev/loop0:20",
      image,
      "true",
    );
    expect(inspected("w", "json .HostConfig.BlkioWeightDevice")).toBe(
      '[{"Path":"/dev/loop0","Weight":20}]',
    );
  });
});

async function textOf(fd: unknown): Promise<string> {
  return typeof fd === "number" ? await Bun.file(fd).text() : "";
}
