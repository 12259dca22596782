// `ocicat events`: what happens to containers, images and volumes, told once and in order.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait";

describe.skipIf(NEEDS_ROOT)("as root: events", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  /** What has happened to a container, or to what `filter` says. */
  function told(filter: string, format = "{{.Action}}"): string[] {
    const flags = ["--no-stream", "--filter", filter, "--format", format];
    const lines = place
      .outputOf("events", ...flags)
      .trimEnd()
      .split("\n");
    return lines.map((line) => line.trimEnd());
  }

  test("a container that is removed at its end leaves its events", async () => {
    const name = place.newName();
    const words = ["--label", "tier=front", "--rootfs", place.root, "/bin/sh", "-c", "exit 3"];
    const child = place.spawn(words, {}, name);
    expect(await child.exited).toBe(3);
    const lines = told(`container=${name}`, "{{.Action}} {{json .Actor.Attributes}}");
    const own = `"image":"rootfs"`;
    const rest = `"tier":"front","name":"${name}"`;
    expect(lines.map((line) => line.replace(/"execDuration":"\d+",/, ""))).toEqual([
      `create {${own},${rest}}`,
      `attach {${own},${rest}}`,
      `start {${own},${rest}}`,
      `die {${own},"exitCode":"3",${rest}}`,
      `destroy {${own},${rest}}`,
    ]);
    const [line = ""] = place.outputOf("events", "--no-stream", "-f", "event=died").split("\n");
    expect(line.split(" (")).toEqual([
      expect.stringMatching(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\S+ container die [0-9a-f]{64}$/,
      ),
      expect.stringMatching(/^execDuration=\d+, exitCode=3, image=rootfs, name=\S+, tier=front\)$/),
    ]);
  });

  test("events are streamed as they happen, each once", async () => {
    const name = place.newName();
    const stream = place.start("events", ["--since", "1h", "--format", "{{.Action}} {{.Name}}"]);
    place.detach(name, SLEEP);
    for (const command of ["pause", "unpause", "top", "restart", "kill", "start", "stop"]) {
      place.outputOf(command, name);
    }
    place.outputOf("rename", name, `${name}-new`);
    place.outputOf("rm", `${name}-new`);
    let seen = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream.stdout) {
      seen += decoder.decode(chunk, { stream: true });
      if (seen.includes(`destroy ${name}-new\n`)) {
        break;
      }
    }
    stream.kill();
    await stream.exited;
    const actions = seen
      .split("\n")
      .filter((line) => line.includes(name))
      .map((line) => line.split(" ", 1)[0])
      .join(" ");
    expect(actions).toBe(
      "create start pause unpause top kill die stop start restart kill die start kill die stop rename destroy",
    );
  });

  test("the end that nobody saw is told once, as unknown", async () => {
    const name = place.newName();
    place.detach(name, SLEEP);
    await place.killHolder(name);
    place.outputOf("kill", name);
    place.outputOf("start", name);
    place.outputOf("rm", "-f", name);
    const ends = told(`container=${name}`, "{{.Action}} {{json .Attributes}}").filter((line) =>
      line.startsWith("die"),
    );
    expect(ends).toHaveLength(2);
    expect(ends[0]).toContain('"exitCode":"unknown"');
    expect(ends[1]).toContain('"exitCode":"137"');
  });

  test("images and volumes have events, too", () => {
    const archive = join(place.folder, "root.tar");
    expect(Bun.spawnSync(["tar", "-cf", archive, "-C", place.root, "."]).exitCode).toBe(0);
    place.onImages("import", "-q", archive, "base:1");
    place.onImages("tag", "base:1", "other:1");
    place.onImages("save", "-q", "-o", join(place.folder, "saved.tar"), "base:1");
    place.onImages("untag", "other:1", "other:1");
    place.onImages("rmi", "base:1");
    expect(told("type=image", "{{.Action}} {{.Name}}")).toEqual([
      "import docker.io/library/base:1",
      "tag docker.io/library/other:1",
      "save docker.io/library/base:1",
      "untag docker.io/library/other:1",
      "untag docker.io/library/base:1",
      "delete",
    ]);

    const name = place.newName();
    place.detach(name, "exit 0", "-v", "data:/data:ro");
    place.outputOf("wait", name);
    place.outputOf("cp", `${name}:/bin/busybox`, join(place.folder, "copied"));
    place.outputOf("export", "-o", join(place.folder, "exported.tar"), name);
    place.outputOf("rm", name);
    place.outputOf("volume rm", "data");
    const format = '{{.Action}} {{.ID}} {{index .Attributes "read/write"}}';
    expect(told("volume=data", format)).toEqual([
      "create data",
      "mount data false",
      "unmount data false",
      "destroy data",
    ]);
    expect(told(`container=${name}`)).toEqual([
      ...["create", "start", "die", "copy", "export", "destroy"],
    ]);
  });

  test("what is executed in a container, and pods", () => {
    const name = place.newName();
    place.detach(name, SLEEP);
    expect(place.call("exec", [name, "/bin/sh", "-c", "exit 3"]).status).toBe(3);
    place.outputOf("rm", "-f", name);
    const format = "{{.Action}} {{json .Attributes}}";
    const executed = told(`container=${name}`, format).filter((line) => line.startsWith("exec"));
    expect(executed.map((line) => line.replace(/ {.*"execID":"[0-9a-f]+"/, ""))).toEqual([
      expect.stringContaining("exec_create: /bin/sh -c exit 3"),
      expect.stringContaining("exec_start: /bin/sh -c exit 3"),
      expect.stringContaining(`exec_die,"exitCode":"3"`),
    ]);

    place.outputOf("secret create", "--env", "password", "HOME");
    place.outputOf("secret rm", "password");
    expect(told("type=secret", "{{.Action}} {{.Name}}")).toEqual([
      ...["create password", "remove password"],
    ]);

    const pod = place.newName();
    place.outputOf("pod create", "--name", pod);
    place.outputOf("pod rm", pod);
    expect(told(`pod=${pod}`, "{{.Type}} {{.Action}}")).toEqual(["pod create", "pod destroy"]);
  });

  test("the end of what nobody waits for is told, once", async () => {
    const name = place.newName();
    place.detach(name, SLEEP);
    const id = place.outputOf("exec", "-d", name, "/bin/sh", "-c", "exit 7").trim();
    const ends = () =>
      told(`container=${name}`, "{{.Action}} {{json .Attributes}}").filter((line) =>
        line.startsWith("exec_die"),
      );
    await eventually("the event of the end", () => ends().length > 0);
    expect(ends()).toEqual([expect.stringContaining(`"execID":"${id}","exitCode":"7"`)]);
    // Of a client that is killed before.
    const script = "touch /there; until test -e /go; do sleep 0.1; done; exit 8";
    const client = place.start("exec", [name, "/bin/sh", "-c", script]);
    await eventually("the process", () => {
      return place.call("exec", [name, "test", "-e", "/there"]).status === 0;
    });
    client.kill("SIGKILL");
    await client.exited;
    place.outputOf("exec", name, "touch", "/go");
    await eventually("the second end", () => ends().some((line) => line.includes('"8"')));
    expect(ends().filter((line) => line.includes('"exitCode":"8"'))).toHaveLength(1);
  });

  test("a container that ran out of memory says so before it is said to be dead", () => {
    const name = place.newName();
    place.detach(name, "tail /dev/zero", "-m", "16m");
    place.outputOf("wait", name);
    place.outputOf("rm", name);
    expect(told(`container=${name}`)).toEqual(["create", "start", "oom", "die", "destroy"]);
  });

  test("docker's JSON and podman's flags", () => {
    const name = place.newName();
    const id = place.detach(name, "exit 0");
    place.outputOf("wait", name);
    const [line = ""] = place
      .outputOf(
        "events",
        "--stream=false",
        "-f",
        `container=${id.slice(0, 12)}`,
        "--format",
        "json",
      )
      .split("\n");
    const nanoseconds = /,"timeNano":(\d{19})}$/.exec(line)?.[1] ?? "";
    expect(JSON.parse(line)).toMatchObject({
      status: "create",
      id,
      from: expect.stringContaining("oci:"),
      Type: "container",
      Action: "create",
      Actor: { ID: id, Attributes: { name } },
      scope: "local",
      time: Number(nanoseconds.slice(0, 10)),
    });
    expect(place.outputOf("events", "--until", "1h")).toBe("");
    const soon = new Date(Date.now() + 300).toISOString();
    expect(place.outputOf("events", "--since", "1h", "--until", soon)).toContain(` create ${id} `);
  });
});
