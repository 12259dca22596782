// inspect of containers: docker's document.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readProcessStat } from "../../src/sys/process.ts";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: inspect", () => {
  const place = new ContainerPlace();
  let id = "";
  let shared = "";
  const field = (name: string, format: string) =>
    place.outputOf("inspect", "--format", format, name).trimEnd();

  beforeAll(() => {
    shared = place.makeFolder("shared");
    const flags = ["-e", "A=1", "-l", "kind=web", "-w", "/tmp", "-m", "64m", "--cpus", "0.5"];
    const mounts = [
      "-v",
      `${shared}:/shared:ro`,
      "--tmpfs",
      "/scratch:size=1m",
      "-v",
      "data:/data",
    ];
    const script = "echo 12345678 > /made; ln /made /again; sleep 1000";
    id = place.detach("web", script, ...flags, ...mounts, "-u", "root", "--stop-timeout", "3");
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  test("a template may ask for a label, a network or a health that is not there", () => {
    expect(field("web", "{{.Config.Labels.kind}} {{.Config.Labels.nope}}")).toBe("web <no value>");
    expect(field("web", "{{if .NetworkSettings.Networks.bridge}}!{{else}}none{{end}}")).toBe(
      "none",
    );
    const health = "{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}";
    expect(field("web", `${health}{{if .Config.Healthcheck}}!{{end}}`)).toBe("none");
    const { State, Config } = JSON.parse(place.outputOf("inspect", "web"))[0];
    expect(JSON.stringify({ State, Config })).not.toContain("Health");
  });

  test("of one that runs", async () => {
    await eventually(
      "its file",
      () => place.call("exec", ["web", "test", "-e", "/again"]).status === 0,
    );
    const [report, ...others] = JSON.parse(place.outputOf("inspect", "-s", id.slice(0, 12)));
    expect(others).toEqual([]);
    expect(report).toMatchObject({
      Id: id,
      Name: "/web",
      Path: "/bin/sh",
      Args: ["-c", "echo 12345678 > /made; ln /made /again; sleep 1000"],
      State: { Status: "running", Running: true, Paused: false, ExitCode: 0, Error: "" },
      LogPath: `${place.folderOf("web")}/log`,
      SizeRw: 9,
      HostConfig: {
        Binds: [`${shared}:/shared:ro`, "data:/data"],
        Memory: 64 * 2 ** 20,
        NanoCpus: 500_000_000,
        NetworkMode: "none",
        AutoRemove: false,
        Tmpfs: { "/scratch": "size=1m" },
      },
      Mounts: [
        { Type: "bind", Source: shared, Destination: "/shared", RW: false },
        { Type: "volume", Name: "data", Destination: "/data", RW: true },
        { Type: "tmpfs", Destination: "/scratch" },
      ],
      Config: {
        Env: ["PATH=/bin", "FROM_IMAGE=yes", "A=1"],
        Labels: { kind: "web" },
        User: "root",
        WorkingDir: "/tmp",
        Cmd: ["/bin/sh", "-c", expect.any(String)],
        Image: place.image,
        StopTimeout: 3,
      },
    });
    expect(report.SizeRootFs).toBeGreaterThan(500_000);
    expect(report.Image).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(Date.parse(report.State.StartedAt)).toBeGreaterThanOrEqual(Date.parse(report.Created));
    expect(readProcessStat(report.State.Pid)?.state).toMatch(/[SR]/);
  });

  test("templates; created, paused and exited ones", () => {
    expect(field("web", "{{.Name}} {{.State.Status}} {{.HostConfig.Memory}}")).toBe(
      "/web running 67108864",
    );
    place.outputOf("pause", "web");
    expect(field("web", "{{.State.Status}} {{.State.Paused}}")).toBe("paused true");
    place.outputOf("unpause", "web");
    place.outputOf("create", "--name", "idle", place.image);
    expect(field("idle", "{{.State.Status}} {{.State.StartedAt}} {{.Path}} {{.Args}}")).toBe(
      "created 0001-01-01T00:00:00Z echo [the image's command]",
    );
    place.detach("short", "exit 3");
    place.outputOf("wait", "short");
    expect(field("short", "{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}")).toBe(
      "exited 3 0",
    );
  });

  test("shows each flag of run", () => {
    const asked: readonly (readonly [flags: string, field: string, shown: unknown])[] = [
      ["--dns 10.0.0.1 --dns-search a.b --dns-option ndots:2", "Dns", ["10.0.0.1"]],
      ["--add-host db:10.0.0.2", "ExtraHosts", ["db:10.0.0.2"]],
      ["--group-add 27", "GroupAdd", ["27"]],
      ["--cap-add NET_ADMIN --cap-drop CHOWN", "CapAdd", ["NET_ADMIN"]],
      ["--security-opt no-new-privileges", "SecurityOpt", ["no-new-privileges"]],
      ["--ulimit nofile=64:128", "Ulimits", [{ Name: "nofile", Soft: 64, Hard: 128 }]],
      ["--sysctl net.ipv4.ip_forward=1", "Sysctls", { "net.ipv4.ip_forward": "1" }],
      ["--ipc private --pid host", "PidMode", "host"],
      ["--cgroupns host", "CgroupnsMode", "host"],
      ["--device /dev/null:/dev/other:r", "Devices.0.PathInContainer", "/dev/other"],
      ["--device-cgroup-rule=c\u00a0189:*\u00a0rwm", "DeviceCgroupRules", ["c 189:* rwm"]],
      ["--memory-reservation 1m --pids-limit 7", "PidsLimit", 7],
      ["--cpu-shares 512 --cpuset-cpus 0", "CpuShares", 512],
      ["--shm-size 1m --read-only", "ShmSize", 2 ** 20],
      ["--restart on-failure:3", "RestartPolicy", { Name: "on-failure", MaximumRetryCount: 3 }],
      ["--log-opt max-size=1k --log-opt max-file=2", "LogConfig.Config.max-file", "2"],
      ["--annotation a=b", "Annotations", { a: "b" }],
      ["-v named:/n:ro,nocopy", "Binds.2", "named:/n:ro,nocopy"],
      [`-v ${shared}:/s:rshared`, "Binds.1", `${shared}:/s:rshared`],
      [`-v ${shared}:/r:ro`, "Binds.0", `${shared}:/r:ro`],
      ["--tmpfs /t:size=1m", "Tmpfs", { "/t": "size=1m" }],
      [`--cidfile ${place.folder}/asked.id`, "ContainerIDFile", `${place.folder}/asked.id`],
    ];
    // In the reverse order of the table's binds: each -v comes behind those that are asserted below it.
    const flags = asked.toReversed().flatMap(([words]) => words.split(" "));
    const spaced = flags.map((word) => word.replaceAll("\u00a0", " "));
    place.outputOf("create", "--name", "asked", ...spaced, place.image);
    const [{ HostConfig }] = JSON.parse(place.outputOf("inspect", "asked"));
    for (const [, field, shown] of asked) {
      expect(HostConfig).toHaveProperty(field.split("."), shown);
    }
  });

  test("a container before an image; what is neither", () => {
    const image = field("web", "{{.Image}}");
    expect(field(image, "{{.Id}}")).toBe(image);
    const { status, stdout, stderr } = place.call("inspect", ["web", "nothing-here"]);
    expect([status, JSON.parse(stdout).length]).toEqual([1, 1]);
    expect(stderr).toContain("there is no container, pod, image or volume of this name");
    expect(place.call("inspect", ["--type", "image", "web"]).status).toBe(1);
    expect(place.call("container inspect", [image]).stderr).toContain("there is none of this name");
    expect(field("data", "{{.Name}} {{.Driver}}")).toBe("data local");
    expect(place.call("inspect", ["--type", "volume", "web"]).stderr).toContain('volume "web"');
    expect(place.call("inspect", ["--type", "network", "web"]).stderr).toContain(
      "neither container, pod",
    );
  });
});
