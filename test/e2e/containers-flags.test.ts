// Flags by which docker's and podman's commands on containers choose containers, and say how they are shown.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { makeBusyboxRoot } from "./busybox-image.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: flags of commands on containers", () => {
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

  const create = (name: string, ...words: string[]) =>
    place.outputOf("create", "--name", name, image, ...words).trim();
  /** The shell has done all else. */
  const isAsleep = (name: string) =>
    eventually("the shell to be sleep", () =>
      place.outputOf("top", name, "args").endsWith("\nsleep 100\n"),
    );
  const names = (...flags: string[]) =>
    place
      .outputOf("ps", "-a", "--format", "{{.Names}}", ...flags)
      .trim()
      .split("\n");

  test("--filter, --cidfile, --latest and --all choose", () => {
    const id = place.detach("web", "exec sleep 100", "--label", "role=web");
    const file = join(place.folder, "cid");
    writeFileSync(file, `${id}\n`);
    expect(place.outputOf("pause", "--filter", "label=role=web")).toBe(`${id}\n`);
    expect(place.outputOf("unpause", "--cidfile", file)).toBe(`${id}\n`);
    expect(place.outputOf("kill", "--filter", "label=role=none")).toBe("");
    create("job", "sh", "-c", "echo done");
    expect(place.outputOf("start", "-al")).toBe("done\n");
    expect(place.outputOf("wait", "-l", "-i", "5s")).toBe("0\n");
    expect(place.outputOf("logs", "--latest")).toBe("done\n");
    expect(place.outputOf("inspect", "-l", "-f", "{{.Name}}")).toBe("/job\n");
    expect(place.outputOf("stop", "--filter", "label=role=web", "-t", "0")).toBe(`${id}\n`);
    expect(place.outputOf("start", "--filter", "name=web")).toBe(`${id}\n`);
    expect(place.outputOf("restart", "--running", "-t", "0")).toBe(`${id}\n`);
    expect(place.outputOf("rm", "-f", "-t", "0", "--cidfile", file)).toBe(`${id}\n`);
    expect(place.outputOf("stop", "--ignore", "web")).toBe("");
    expect(place.outputOf("start", "--all")).toMatch(/^[0-9a-f]{64}\n$/);
    expect(place.call("rm", ["--link", "web"]).stderr).toContain("no networks");
    expect(place.call("rm", ["-t", "1", "web"]).stderr).toContain('--time "1": it needs --force');
    expect(place.call("start", ["--checkpoint", "x"]).stderr).toContain("from their beginning");
  });

  test("--after-boot and --all say which are meant, --latest needs one", () => {
    for (const command of ["stop", "kill", "start", "rm", "pause", "restart"]) {
      const { status, stderr } = place.call(command, ["--latest"]);
      expect([command, status, stderr]).toEqual([
        ...[command, 1, `ocicat ${command}: find the latest container: there is none\n`],
      ]);
    }
    const id = create("idle", "true");
    expect(place.call("start", ["--after-boot", "idle"]).stderr).toContain(
      "use --after-boot: it does not go with names",
    );
    expect(place.call("start", ["--after-boot", "--all"]).stderr).toContain("it says itself");
    expect(place.call("rm", ["--all", "--latest"]).stderr).toContain("it does not go with --all");
    expect(place.outputOf("ps", "-q", "--no-trunc", "-f", "status=created")).toBe(`${id}\n`);
  });

  test("rm --depend removes those that need it before it", () => {
    const id = place.detach("net", "exec sleep 100");
    const other = place.detach("user", "exec sleep 100", "--network", "container:net");
    const needy = place.outputOf("create", "--requires", "user", "--name", "needy", image).trim();
    create("alone", "true");
    expect(place.outputOf("rm", "-f", "--depend", "net")).toBe(`${needy}\n${other}\nnet\n`);
    expect(names()).toEqual(["alone"]);
    expect(place.call("rm", ["--depend", id]).stderr).toContain("there is none of this name");
  });

  test("top with podman's columns has pids and users as the container knows them", async () => {
    place.detach("web", "exec sleep 100", "-u", "1234:5678");
    await isAsleep("web");
    const [head = "", line = ""] = place
      .outputOf("top", "web", "pid", "ppid,user", "group", "seccomp", "capeff", "args")
      .split("\n");
    expect(head).toMatch(/^PID +PPID +USER +GROUP +SECCOMP +EFFECTIVE CAPS +COMMAND$/);
    expect(line).toMatch(/^1 +0 +1234 +5678 +filter +none +sleep 100$/);
    const pid = place.outputOf("inspect", "-f", "{{.State.Pid}}", "web").trim();
    expect(place.outputOf("top", "web", "hpid")).toBe(`HPID\n${pid}\n`);
  });

  test("restart keeps one with --rm, which goes with its end nevertheless", async () => {
    const words = ["--rm", "-d", place.image, "sh", "-c", "echo x >> /file; exec sleep 100"];
    const ids = ["one", "two"].map((name) => place.outputOf("run", "--name", name, ...words));
    const bothHaveWritten = (text: string) =>
      eventually(`both have written ${JSON.stringify(text)}`, () =>
        names().every((name) => place.call("exec", [name, "cat", "/file"]).stdout === text),
      );
    await bothHaveWritten("x\n");
    expect(place.outputOf("restart", "-t", "0", "one", "two")).toBe("one\ntwo\n");
    await bothHaveWritten("x\nx\n");
    expect(place.outputOf("ps", "-q", "--no-trunc")).toBe(ids.toReversed().join(""));
    place.outputOf("stop", "-t", "0", "one", "two");
    expect(place.outputOf("ps", "-aq")).toBe("");
  });

  test("start and restart of several begin with what the others join", async () => {
    const words = [place.image, "sleep", "100"];
    place.outputOf("run", "-d", "--name", "host", ...words);
    place.outputOf("run", "-d", "--name", "guest", "--network", "container:host", ...words);
    expect(place.outputOf("restart", "-t", "0", "guest", "host")).toBe("host\nguest\n");
    place.outputOf("restart", "-t", "0", "--all");
    expect(place.outputOf("ps", "--format", "{{.Names}}")).toBe("guest\nhost\n");
    place.outputOf("stop", "-t", "0", "host");
    const pid = place.outputOf("inspect", "-f", "{{.State.Pid}}", "guest").trim();
    await place.killHolder("guest");
    process.kill(Number(pid), "SIGKILL");
    await eventually("its end", () => {
      place.reap();
      return place.outputOf("ps", "-q", "--filter", "name=guest") === "";
    });
    place.outputOf("start", "--all");
    expect(place.outputOf("ps", "--format", "{{.Names}}")).toBe("guest\nhost\n");
    place.outputOf("rm", "-f", "guest", "host");
  });

  test("rm -f names those with --rm, which are gone with their end, too", () => {
    const words = ["--rm", "-d", place.image, "sleep", "100"];
    const run = (name: string) => place.outputOf("run", "--name", name, ...words);
    run("one");
    expect(place.outputOf("rm", "-f", "-t", "0", "one")).toBe("one\n");
    run("one");
    run("two");
    expect(place.outputOf("rm", "-f", "one", "two")).toBe("one\ntwo\n");
  });

  test("one with --rm that can't be started again goes", () => {
    const root = place.makeFolder("short-lived");
    makeBusyboxRoot(root);
    const words = ["--rm", "-d", "--name", "gone", "--rootfs", root, "/bin/sleep", "100"];
    place.outputOf("run", ...words);
    rmSync(join(root, "bin"), { recursive: true });
    expect(place.call("restart", ["-t", "0", "gone"]).stderr).toContain("/bin/sleep");
    expect(place.outputOf("ps", "-aq")).toBe("");
  });

  test("names do not go with flags that mean all", () => {
    const id = create("idle", "true");
    for (const [command, flag] of [
      ["restart", "--running"],
      ["port", "--all"],
      ["rm", "--all"],
      ["rm", "--latest"],
      ["rm", "--filter=name=idle"],
      ["pod rm", "--all"],
      ["secret rm", "--all"],
    ] as const) {
      const { status, stderr } = place.call(command, [flag, "idle"]);
      expect([command, status]).toEqual([command, 1]);
      expect(stderr).toMatch(
        new RegExp(`use ${flag.slice(0, 5)}[a-z]*: it does not go with names`),
      );
    }
    expect(place.outputOf("ps", "-aq", "--no-trunc", "-f", "status=created")).toBe(`${id}\n`);
  });

  test("container exists, volume exists", () => {
    create("there", "true");
    place.outputOf("volume create", "data");
    const codes = (kind: string, ...words: string[]) =>
      words.map((word) => place.call(`${kind} exists`, [word]).status);
    expect(codes("container", "there", "gone")).toEqual([0, 1]);
    expect(codes("volume", "data", "there")).toEqual([0, 1]);
    place.outputOf("volume rm", "data");
  });

  test("exec --latest, diff --format json, port --all", async () => {
    place.detach("web", "touch /new; rm /etc/group; exec sleep 100");
    await isAsleep("web");
    expect(place.outputOf("exec", "--latest", "sh", "-c", "echo $0 in")).toBe("sh in\n");
    const changes = JSON.parse(place.outputOf("diff", "-l", "--format", "json"));
    expect(changes).toMatchObject({ added: ["/new"], changed: ["/etc"], deleted: ["/etc/group"] });
    expect(place.call("diff", ["--format", "xml", "web"]).stderr).toContain("it is not json");
    expect(place.outputOf("port", "--all")).toBe("");
    expect(place.outputOf("top", "-l")).toContain("sleep 100");
  });

  test("ps: by what an image is called, says itself, and was made from", () => {
    const archive = join(place.folder, "root.tar");
    expect(Bun.spawnSync(["tar", "-cf", archive, "-C", place.root, "."]).exitCode).toBe(0);
    const changes = ["-c", "LABEL maker=me of=base", "-c", "EXPOSE 80"];
    const id = place.onImages("import", "-q", ...changes, archive, "base:1").trim();
    place.outputOf("create", "--name", "parent", "-l", "of=parent", "base:1", "true");
    place.onImages("import", "-q", archive, "other:1");
    place.outputOf("create", "--name", "other", "other:1", "true");
    place.outputOf("start", "parent");
    place.outputOf("wait", "parent");
    place.outputOf("commit", "-q", "parent", "child:1");
    place.outputOf("create", "--name", "child", "child:1", "true");
    expect(names("-f", `ancestor=${id.slice(7, 19)}`)).toEqual(["child", "parent"]);
    expect(names("-f", "ancestor=child")).toEqual(["child"]);
    expect(names("-f", "ancestor=nothing")).toEqual([""]);
    expect(names("-f", "label=maker=me", "-f", "label=of=parent")).toEqual(["child", "parent"]);
    expect(names("-f", "label=of=base")).toEqual([""]);
    expect(names("-f", "expose=80-90")).toEqual(["child", "parent"]);
    const format = 'table {{.Names}}\t{{.Label "maker"}}';
    const table = place.outputOf("ps", "-a", "-f", "name=parent", "--format", format);
    expect(table).toMatch(/^NAMES +maker\nparent +me\n$/);
    const told = ["--no-stream", "-f", "label=maker=me", "-f", "event=create", "--format"];
    expect(place.outputOf("events", ...told, "{{.Name}}")).toBe("parent\nchild\n");
    expect(place.outputOf("container prune", "-f", "--filter", "label=maker")).toContain(
      "reclaimed",
    );
    expect(names()).toEqual(["other"]);
    place.onImages("rmi", "-f", "base:1", "child:1");
  });

  test("system reset leaves nothing, whatever runs or is named", () => {
    const archive = join(place.folder, "reset.tar");
    expect(Bun.spawnSync(["tar", "-cf", archive, "-C", place.root, "bin"]).exitCode).toBe(0);
    place.onImages("import", "-q", archive, "gone:1");
    place.detach("web", "exec sleep 100", "-v", "data:/data");
    place.outputOf("pod create", "--name", "pod");
    place.outputOf("run", "-d", "--pod", "pod", image, "sleep", "100");
    place.outputOf("secret create", "--env", "key", "PATH");
    const refused = place.call("system reset", []);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("--force")]);
    expect(names()).toHaveLength(2);
    expect(place.outputOf("system reset", "--force")).toBe("");
    expect(place.onImages("images", "-q")).toBe("");
    for (const list of ["ps -a", "pod ps", "volume ls", "secret ls"]) {
      expect([list, place.outputOf(list, "-q")]).toEqual([list, ""]);
    }
    place.outputOf("system check");
  });

  test("ps: --sort, --noheading, --ns, and what is so anyway", () => {
    create("beta", "b");
    create("alpha", "c");
    create("gamma", "a");
    expect(names()).toEqual(["gamma", "alpha", "beta"]);
    expect(names("--sort", "names")).toEqual(["alpha", "beta", "gamma"]);
    expect(names("--sort", "command")).toEqual(["gamma", "beta", "alpha"]);
    expect(names("--sort", "created", "--external", "--sync")).toEqual(["beta", "alpha", "gamma"]);
    expect(place.call("ps", ["--sort", "weight"]).stderr).toContain("it is one of command");
    expect(place.outputOf("ps", "-a", "--noheading").split("\n")).toHaveLength(4);
    expect(place.outputOf("ps", "--noheading")).toBe("");
    place.outputOf("rm", "--all");
    place.detach("web", "exec sleep 100");
    const [head = "", line = ""] = place.outputOf("ps", "--ns").split("\n");
    expect(head).toMatch(/^CONTAINER ID +NAMES +PID +CGROUPNS +IPC +MNT +NET +PIDNS +USERNS +UTS$/);
    expect(line).toMatch(/^[0-9a-f]{12} +web +\d+ +(\d{10} +){6}\d{10}$/);
    expect(place.outputOf("ps", "--format", "{{.MNT}}")).toMatch(/^\d{10}\n$/);
  });

  test("ps --watch lists again and again", async () => {
    const child = place.start("ps", ["-aq", "--no-trunc", "--watch", "1"]);
    const id = create("late", "true");
    const reader = child.stdout.getReader();
    let text = "";
    await eventually("the container is listed", async () => {
      const { value } = await reader.read();
      text += new TextDecoder().decode(value);
      return text.includes(id);
    });
    child.kill();
    await child.exited;
    expect(text).toContain(id);
  });

  test("a run that does not come to be keeps the container and says why, but with --rm", () => {
    const run = (name: string, isKept: boolean, ...flags: readonly string[]) => {
      const words = place.command([...flags, place.image, "/nosuch"], name);
      return Bun.spawnSync(words.filter((word) => !isKept || word !== "--rm")).exitCode;
    };
    const codes = [run("seen", true), run("unseen", true, "-d"), run("gone", false)];
    expect(codes).toEqual([127, 127, 127]);
    const listed = place.outputOf("ps", "-a", "--format", "{{.Names}} {{.Status}}");
    expect(listed).toBe("unseen Created\nseen Created\n");
    expect(place.outputOf("inspect", "--format", "{{.State.Error}}", "seen")).toBe(
      'exec: "/nosuch": no such file or directory (ENOENT)\n',
    );
    place.outputOf("rm", "seen", "unseen");
  });

  test("a negative time to stop is docker's for ever, and a slash before a name its own", async () => {
    const script = "trap 'sleep 0.3; exit 3' TERM; echo ready; while :; do sleep 0.1; done";
    place.detach("/patient", script, "--stop-timeout", "-1");
    const format = "{{.Name}} {{.Config.StopTimeout}}";
    expect(place.outputOf("inspect", "--format", format, "patient")).toBe("/patient -1\n");
    await eventually("it to be ready", () => place.outputOf("logs", "patient") === "ready\n");
    place.outputOf("stop", "-t", "-1", "patient");
    place.outputOf("rename", "patient", "/renamed");
    const ended = place.outputOf("inspect", "--format", "{{.State.ExitCode}}", "renamed");
    expect(ended).toBe("3\n");
  });

  test("logs has a last line that was not ended as it is, and goes on with it when the container does", () => {
    place.detach("open", "printf 'one\\ntwo'");
    place.outputOf("wait", "open");
    expect(place.outputOf("logs", "open")).toBe("one\ntwo");
    expect(place.outputOf("logs", "-f", "--tail", "1", "open")).toBe("two");
    place.outputOf("start", "open");
    place.outputOf("wait", "open");
    expect(place.outputOf("logs", "open")).toBe("one\ntwoone\ntwo");
  });

  test("logs: --names, --color, --details, of several containers", () => {
    const ids = ["one", "two"].map((name) => {
      const id = place.detach(name, `echo ${name}`);
      place.outputOf("wait", name);
      return id.slice(0, 12);
    });
    expect(place.outputOf("logs", "--names", "one")).toBe("one one\n");
    expect(place.outputOf("logs", "one", "two")).toBe(`${ids[0]} one\n${ids[1]} two\n`);
    expect(place.outputOf("logs", "--names", "--color", "one")).toBe("\x1b[32mone\x1b[0m one\n");
    expect(place.outputOf("logs", "--details", "one")).toBe(" one\n");
  });

  test("logs -f of several containers follows them at the same time", async () => {
    const script =
      "while [ ! -e /go ]; do sleep 0.02; done; echo $HOSTNAME; while [ ! -e /end ]; do sleep 0.02; done";
    for (const name of ["one", "two"]) {
      place.detach(name, script, "-h", name);
    }
    const follower = place.start("logs", ["-f", "--names", "one", "two"]);
    const reader = follower.stdout.getReader();
    let text = "";
    const upTo = (wanted: string) =>
      eventually(wanted, async () => {
        const { value } = await reader.read();
        text += new TextDecoder().decode(value);
        return text.includes(wanted);
      });
    place.outputOf("exec", "two", "touch", "/go");
    await upTo("two two\n");
    place.outputOf("exec", "one", "touch", "/go");
    await upTo("one one\n");
    for (const name of ["two", "one"]) {
      place.outputOf("exec", name, "touch", "/end");
    }
    expect(await follower.exited).toBe(0);
    expect(text).toBe("two two\none one\n");
  });
});
