// What podman and docker users do all day, as one set of tests for both: each drives the runtime under
// test through the client.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BUSYBOX_IMAGE, DEBIAN_IMAGE } from "../../tools/peers/images.ts";
import { limitOf, processorsOf } from "./cgroup-files.ts";
import { eventually } from "./conditions.ts";
import type { Engine } from "./engine.ts";

const SLEEP_UNTIL_TERM = 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done';

export function engineContract(getEngine: () => Engine): void {
  describe("run", () => testRun(getEngine));
  describe("exec", () => testExec(getEngine));
  describe("a terminal", () => testTerminals(getEngine));
  describe("life", () => testLife(getEngine));
  describe("resources", () => testResources(getEngine));
  describe("identity and rights", () => testRights(getEngine));
  describe("files", () => testFiles(getEngine));
  describe("Debian", () => testDebian(getEngine));
}

function testRun(getEngine: () => Engine): void {
  test("keeps standard output and standard error apart", async () => {
    const result = await getEngine().run(["sh", "-c", "echo out; echo err >&2"]);
    expect(result).toEqual({ code: 0, stdout: "out\n", stderr: "err\n" });
  });

  test.each([0, 1, 37, 125, 255])("ends with the exit code %d", async (code) => {
    const result = await getEngine().run(["sh", "-c", `exit ${code}`]);
    expect(result.code).toBe(code);
  });

  test("passes standard input on", async () => {
    const result = await getEngine().run(["tr", "a-z", "A-Z"], ["--interactive"], {
      input: "shout\n",
    });
    expect(result).toEqual({ code: 0, stdout: "SHOUT\n", stderr: "" });
  });

  test("loses nothing of a megabyte of output", async () => {
    const result = await getEngine().run(["sh", "-c", "yes 0123456789abcdef | head -c 1048576"]);
    const expected = "0123456789abcdef\n".repeat(61_681).slice(0, 1_048_576);
    expect(sha256(result.stdout)).toBe(sha256(expected));
  });

  test("exits with 127 for a program that is not in PATH", async () => {
    const result = await getEngine().run(["no-such-program"]);
    expect(result.code).toBe(127);
    expect(result.stderr).toContain('"no-such-program": executable file not found in $PATH');
  });

  test("exits with 127 for a path that is missing", async () => {
    const result = await getEngine().run(["/no/such/program"]);
    expect(result.code).toBe(127);
    expect(result.stderr).toContain("/no/such/program");
    expect(result.stderr).toContain("no such file or directory");
  });

  test.each(["/etc", "/etc/passwd"])(
    "exits with 126 for %s, which cannot be executed",
    async (path) => {
      const result = await getEngine().run([path]);
      expect(result.code).toBe(126);
      expect(result.stderr).toContain("permission denied");
    },
  );

  test("gives environment, working directory, host name and additional groups", async () => {
    const flags = [
      "--env",
      "FRUIT=pear",
      "--workdir",
      "/tmp",
      "--hostname",
      "box",
      "--group-add",
      "2000",
    ];
    const output = await getEngine().output(
      ["sh", "-c", "echo $FRUIT; pwd; hostname; id -G"],
      flags,
    );
    const [fruit, folder, host, groups] = output.split("\n");
    expect([fruit, folder, host]).toEqual(["pear", "/tmp", "box"]);
    expect(groups?.split(" ")).toContain("2000");
  });

  test("isolates: own pid 1, own mounts, only lo", async () => {
    const output = await getEngine().output([
      "sh",
      "-c",
      "echo $$; ls /sys/class/net; ls /proc | grep -c '^[0-9]'",
    ]);
    const [pid, network, processes] = output.split("\n");
    expect([pid, network]).toEqual(["1", "lo"]);
    expect(Number(processes)).toBeLessThan(6);
  });

  test("a long argument and a hostile variable arrive whole", async () => {
    const long = "x".repeat(100_000);
    const hostile = "a b\n'\"$(false)\\=";
    const script = 'printf "%s" "$1" | wc -c; printf "%s" "$HOSTILE"';
    const flags = ["--env", `HOSTILE=${hostile}`];
    const result = await getEngine().run(["sh", "-c", script, "sh", long], flags);
    expect(result).toEqual({ code: 0, stdout: `100000\n${hostile}`, stderr: "" });
  });

  test("runs ten at the same time", async () => {
    const numbers = Array.from({ length: 10 }, (_, index) => String(index));
    const outputs = await Promise.all(
      numbers.map((number) => getEngine().output(["echo", number])),
    );
    expect(outputs).toEqual(numbers);
  });
}

function testExec(getEngine: () => Engine): void {
  test("runs a program with its own streams and exit code", async () => {
    await using container = await getEngine().start(["sleep", "1000"]);
    const result = await container.exec(
      ["sh", "-c", "cat; echo err >&2; exit 9"],
      ["--interactive"],
      {
        input: "in\n",
      },
    );
    expect(result).toEqual({ code: 9, stdout: "in\n", stderr: "err\n" });
  });

  test("gives user, environment and working directory", async () => {
    await using container = await getEngine().start(["sleep", "1000"]);
    const flags = ["--user", "user", "--env", "A=b", "--workdir", "/tmp"];
    const result = await container.exec(["sh", "-c", "id -un; id -u; echo $A; pwd"], flags);
    expect(result.stdout).toBe("user\n1000\nb\n/tmp\n");
  });

  test("joins the container's namespaces", async () => {
    await using container = await getEngine().start(["sleep", "1000"], ["--hostname", "joined"]);
    const result = await container.exec([
      "sh",
      "-c",
      "hostname; cat /proc/1/comm; readlink /proc/1/ns/mnt; readlink /proc/self/ns/mnt",
    ]);
    const [host, init, outer, inner] = result.stdout.trim().split("\n");
    expect([host, init]).toEqual(["joined", "sleep"]);
    expect(inner).toBe(outer ?? "");
  });

  test("detaches", async () => {
    await using container = await getEngine().start(["sleep", "1000"]);
    await container.exec(["sh", "-c", "echo done > /tmp/mark; sleep 1000"], ["--detach"]);
    const seen = await eventually("the detached program's file", async () => {
      const result = await container.exec(["cat", "/tmp/mark"]);
      // Between the two there is an empty file.
      return result.code === 0 && result.stdout !== "" && result.stdout;
    });
    expect(seen).toBe("done\n");
  });

  test("fails for a program that is missing", async () => {
    const { missing } = getEngine().settings.execCodes;
    await using container = await getEngine().start(["sleep", "1000"]);
    const inPath = await container.exec(["no-such-program"]);
    const absolute = await container.exec(["/no/such/program"]);
    expect([inPath.code, absolute.code]).toEqual([missing, missing]);
    expect(inPath.stdout + inPath.stderr).toContain("executable file not found in $PATH");
    expect(absolute.stdout + absolute.stderr).toContain("no such file or directory");
  });

  test("fails for a folder", async () => {
    await using container = await getEngine().start(["sleep", "1000"]);
    const result = await container.exec(["/etc"]);
    expect(result.code).toBe(getEngine().settings.execCodes.notExecutable);
    expect(result.stdout + result.stderr).toContain("permission denied");
  });

  test("leaves the container running after fifty in a row", async () => {
    await using container = await getEngine().start(["sleep", "1000"]);
    for (let count = 0; count < 50; count += 1) {
      const result = await container.exec(["true"]);
      if (result.code !== 0) {
        throw new Error(`exec ${count}: ${result.stderr}`);
      }
    }
    expect(await container.inspect("State.Status")).toBe("running");
  });
}

function testTerminals(getEngine: () => Engine): void {
  test("run -it: a shell answers, knows the size, follows a resize, gives its exit code", async () => {
    await using container = getEngine().newContainer();
    const { runFlags } = getEngine().settings;
    const session = getEngine().terminal([
      "run",
      "-it",
      "--name",
      container.name,
      ...runFlags,
      BUSYBOX_IMAGE,
      "sh",
    ]);
    await session.shows("/ # ");
    session.type("tty\n");
    await session.shows("/dev/pts/0");
    await session.showsSize("33 90");
    session.resize(101, 44);
    await session.showsSize("44 101");
    session.type("exit 7\n");
    expect(await session.ended()).toBe(7);
  });

  test("exec -it: a second terminal, an interrupt reaches the program", async () => {
    await using container = await getEngine().start(["sleep", "1000"]);
    const session = getEngine().terminal(["exec", "-it", container.name, "sh"]);
    await session.shows("/ # ");
    session.type("test -t 0 && test -t 1 && test -t 2 && echo three$NOTHING-terminals\n");
    await session.shows("three-terminals");
    session.type("sleep 500\n");
    await eventually("the sleep", async () =>
      (await container.exec(["ps"])).stdout.includes("sleep 500"),
    );
    session.type("\x03");
    session.type('echo sta$NOTHING"tus=$?"\n');
    await session.shows("status=130");
    session.type("exit 4\n");
    expect(await session.ended()).toBe(4);
  });
}

function testLife(getEngine: () => Engine): void {
  test("a detached container's logs hold both streams", async () => {
    await using container = await getEngine().start([
      "sh",
      "-c",
      "echo one; echo two >&2; echo three",
    ]);
    expect(await container.wait()).toBe(0);
    expect(await container.logs()).toEqual({ code: 0, stdout: "one\nthree\n", stderr: "two\n" });
  });

  test("logs --follow ends with the container", async () => {
    await using container = await getEngine().start([
      "sh",
      "-c",
      "for i in 1 2 3; do echo $i; sleep 0.2; done",
    ]);
    const followed = await getEngine().must(["logs", "--follow", container.name]);
    expect(followed).toBe("1\n2\n3");
  });

  test("create, then start --attach", async () => {
    await using container = getEngine().newContainer();
    const { runFlags } = getEngine().settings;
    await getEngine().must([
      "create",
      "--name",
      container.name,
      ...runFlags,
      BUSYBOX_IMAGE,
      "sh",
      "-c",
      "echo late; exit 3",
    ]);
    expect(await container.inspect("State.Status")).toBe("created");
    const result = await getEngine().call(["start", "--attach", container.name]);
    expect(result).toEqual({ code: 3, stdout: "late\n", stderr: "" });
  });

  test("stop sends SIGTERM and takes the exit code of the handler", async () => {
    await using container = await getEngine().start(["sh", "-c", SLEEP_UNTIL_TERM]);
    await eventually("the trap", async () => (await container.logs()).stdout === "ready\n");
    await getEngine().must(["stop", "--time", "20", container.name]);
    expect(await container.inspect("State.ExitCode")).toBe("5");
  });

  test("stop kills what ignores SIGTERM", async () => {
    await using container = await getEngine().start(["sleep", "1000"]);
    await getEngine().must(["stop", "--time", "1", container.name]);
    expect(await container.inspect("State.ExitCode")).toBe("137");
  });

  test("kill sends the signal that it is told", async () => {
    const script = 'trap "echo usr1" USR1; echo ready; while :; do sleep 0.05; done';
    await using container = await getEngine().start(["sh", "-c", script]);
    await eventually("the trap", async () => (await container.logs()).stdout === "ready\n");
    await getEngine().must(["kill", "--signal", "USR1", container.name]);
    await eventually(
      "the handler",
      async () => (await container.logs()).stdout === "ready\nusr1\n",
    );
    await getEngine().must(["kill", container.name]);
    expect(await container.wait()).toBe(137);
  });

  test("restart gives a new process", async () => {
    await using container = await getEngine().start(["sh", "-c", SLEEP_UNTIL_TERM]);
    const before = await container.inspect("State.Pid");
    await getEngine().must(["restart", "--time", "20", container.name]);
    expect(await container.inspect("State.Status")).toBe("running");
    expect(await container.inspect("State.Pid")).not.toBe(before);
  });

  test("rm --force takes a running container away", async () => {
    await using container = await getEngine().start(["sleep", "1000"]);
    const pid = await container.inspect("State.Pid");
    await getEngine().must([...getEngine().settings.removeCommand, container.name]);
    const ended = await eventually(
      "the process's end",
      async () => !(await Bun.file(`/proc/${pid}/stat`).exists()),
    );
    expect(ended).toBe(true);
  });

  test("ps and top list", async () => {
    await using container = await getEngine().start(["sh", "-c", "sleep 300; true"]);
    await eventually("the child", async () =>
      (await container.exec(["ps"])).stdout.includes("sleep 300"),
    );
    const format = "{{.Names}} {{.Status}}";
    expect(await getEngine().must(["ps", "--format", format])).toContain(`${container.name} Up`);
    expect(await getEngine().must(["top", container.name])).toContain("sleep 300");
  });

  test("a start that fails leaves the name free and nothing to see", async () => {
    const engine = getEngine();
    await using container = engine.newContainer();
    const flags = ["--name", container.name];
    expect((await engine.run(["no-such-program"], flags)).code).toBe(127);
    expect(await engine.output(["echo", "again"], flags)).toBe("again");
  });
}

function testResources(getEngine: () => Engine): void {
  test("limits memory, processes and processors", async () => {
    const flags = ["--memory", "64m", "--pids-limit", "50", "--cpus", "0.5"];
    await using container = await getEngine().start(["sleep", "1000"], flags);
    const pid = Number(await container.inspect("State.Pid"));
    expect(limitOf(pid, "memory")).toBe("67108864");
    expect(limitOf(pid, "pids")).toBe("50");
    expect(processorsOf(pid)).toBe(0.5);
  });

  test("update changes the limits of a running container", async () => {
    await using container = await getEngine().start(["sleep", "1000"], ["--memory", "64m"]);
    const pid = Number(await container.inspect("State.Pid"));
    await getEngine().must(["update", "--memory", "96m", "--memory-swap", "96m", container.name]);
    await getEngine().must(["update", "--cpus", "0.25", container.name]);
    expect(limitOf(pid, "memory")).toBe("100663296");
    expect(processorsOf(pid)).toBe(0.25);
  });

  test("stats shows memory and processes", async () => {
    await using container = await getEngine().start(["sleep", "1000"], ["--memory", "64m"]);
    const stats = await getEngine().must([
      "stats",
      "--no-stream",
      "--format",
      "{{.MemUsage}} {{.PIDs}}",
      container.name,
    ]);
    expect(stats).toMatch(/^[1-9][0-9.]*(B|kB|KiB|MB|MiB) \/ 6[47](\.11)?Mi?B 1$/);
  });

  test("a container over its memory limit is killed", async () => {
    const script = "x=$(yes 0123456789 | head -c 60000000); echo survived";
    const flags = ["--memory", "16m", "--memory-swap", "16m"];
    await using container = await getEngine().start(["sh", "-c", script], flags);
    expect(await container.wait()).toBe(137);
    expect((await container.logs()).stdout).toBe("");
  });

  test("pause freezes, unpause goes on", async () => {
    const script = "i=0; while :; do i=$((i+1)); echo $i > /data/count; sleep 0.02; done";
    const folder = getEngine().path("pause");
    await mkdir(folder);
    await using container = await getEngine().start(
      ["sh", "-c", script],
      ["--volume", `${folder}:/data`],
    );
    const count = () => readFile(join(folder, "count"), "utf8").catch(() => "");
    await eventually("the first count", async () => Number(await count()) > 1);
    await getEngine().must(["pause", container.name]);
    expect(await container.inspect("State.Status")).toBe("paused");
    const frozen = await count();
    await Bun.sleep(300);
    expect(await count()).toBe(frozen);
    expect((await container.exec(["true"])).code).not.toBe(0);
    await getEngine().must(["unpause", container.name]);
    await eventually("a further count", async () => Number(await count()) > Number(frozen) + 2);
    expect(await container.inspect("State.Status")).toBe("running");
  });

  test("ulimit, sysctl, shared memory and the OOM score arrive", async () => {
    const flags = [
      "--ulimit",
      "nofile=512:512",
      "--sysctl",
      "net.ipv4.ip_unprivileged_port_start=0",
    ];
    flags.push("--shm-size", "8m", "--oom-score-adj", "500");
    const script = [
      "ulimit -n",
      "cat /proc/sys/net/ipv4/ip_unprivileged_port_start",
      "df -k /dev/shm | tail -n 1 | awk '{print $2}'",
      "cat /proc/self/oom_score_adj",
    ];
    const output = await getEngine().output(["sh", "-c", script.join("; ")], flags);
    expect(output).toBe("512\n0\n8192\n500");
  });
}

function testRights(getEngine: () => Engine): void {
  test("--user by number and by name", async () => {
    const engine = getEngine();
    expect(await engine.output(["sh", "-c", "id -u; id -g"], ["--user", "1234:5678"])).toBe(
      "1234\n5678",
    );
    expect(await engine.output(["sh", "-c", "id -un; id -G"], ["--user", "user"])).toBe(
      "user\n1000 2000",
    );
  });

  test("a user other than root may write to standard output and error by name", async () => {
    const script = "echo out > /dev/stdout; echo err > /dev/stderr";
    const result = await getEngine().run(["sh", "-c", script], ["--user", "1000"]);
    expect(result).toEqual({ code: 0, stdout: "out\n", stderr: "err\n" });
  });

  test("capabilities: the default set, none, one added", async () => {
    const engine = getEngine();
    const effective = async (flags: readonly string[]) =>
      BigInt(
        `0x${await engine.output(["awk", "/^CapEff/{print $2}", "/proc/self/status"], flags)}`,
      );
    const standard = await effective([]);
    const bounding = /^CapBnd:\s*(.+)$/m.exec(await readFile("/proc/self/status", "utf8"))?.[1];
    expect(standard).not.toBe(0n);
    expect(standard).not.toBe(BigInt(`0x${bounding}`));
    expect(standard & ~BigInt(`0x${bounding}`)).toBe(0n);
    expect(await effective(["--cap-drop", "ALL"])).toBe(0n);
    expect(await effective(["--cap-drop", "ALL", "--cap-add", "NET_RAW"])).toBe(1n << 13n);
  });

  test("seccomp filters by default, and not when told so; no-new-privileges arrives", async () => {
    const engine = getEngine();
    const status = ["awk", "/^(NoNewPrivs|Seccomp):/{print $2}", "/proc/self/status"];
    expect(await engine.output(status)).toBe("0\n2");
    const flags = ["--security-opt", "seccomp=unconfined", "--security-opt", "no-new-privileges"];
    expect(await engine.output(status, flags)).toBe("1\n0");
  });

  test("a seccomp profile of one's own", async () => {
    const profile = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 2 }],
    };
    const file = getEngine().path("seccomp.json");
    await writeFile(file, JSON.stringify(profile));
    const flags = ["--security-opt", `seccomp=${file}`];
    const output = await getEngine().output(
      ["sh", "-c", "mkdir /tmp/x 2>&1; touch /tmp/y && echo fine"],
      flags,
    );
    expect(output).toContain("No such file or directory");
    expect(output).toContain("fine");
  });

  test("a device node that was not given cannot be opened", async () => {
    const script = "mknod /fuse c 10 229 && cat /fuse";
    const result = await getEngine().run(["sh", "-c", script], ["--cap-add", "MKNOD"]);
    expect(result.stderr).toContain("/fuse': Operation not permitted");
  });

  test("/proc and /sys are masked and read-only", async () => {
    const script = [
      "(echo x > /proc/sys/kernel/domainname) 2>/dev/null || echo refused",
      "head -c 1 /proc/kcore | wc -c",
      "(ls /sys/firmware | wc -l)",
      "mkdir /sys/kernel/x 2>/dev/null || echo refused",
      "d=/sys/fs/cgroup/memory; test -d $d || d=/sys/fs/cgroup; mkdir $d/x 2>/dev/null || echo refused",
    ];
    const output = await getEngine().output(["sh", "-c", script.join("; ")]);
    expect(output).toBe("refused\n0\n0\nrefused\nrefused");
  });

  test("a device, and a mount with what it needs", async () => {
    const engine = getEngine();
    const listing = await engine.output(["ls", "-l", "/dev/fuse"], ["--device", "/dev/fuse"]);
    expect(listing).toMatch(/^c.* 10, +229 /);
    const mounted = await engine.output(
      ["sh", "-c", "mount -t tmpfs none /tmp && df /tmp | tail -n 1"],
      ["--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined"],
    );
    expect(mounted).toContain("/tmp");
  });

  test("the host's pid namespace: all processes end with the container", async () => {
    const script = "sleep 98765 & sleep 98765 & exec sleep 98766";
    await using container = await getEngine().start(["sh", "-c", script], ["--pid", "host"]);
    await eventually("the children", () => countProcesses("sleep\0" + "98765") === 2);
    await getEngine().must([...getEngine().settings.removeCommand, container.name]);
    const left = await eventually("their end", () => countProcesses("sleep\0" + "9876") === 0);
    expect(left).toBe(true);
  });

  test("the host's network", async () => {
    const { runFlags } = getEngine().settings;
    const flags = runFlags.filter((flag) => !flag.startsWith("--network="));
    const list = ["--network=host", BUSYBOX_IMAGE, "ls", "/sys/class/net"];
    const devices = await getEngine().must(["run", "--rm", ...flags, ...list]);
    expect(devices.split("\n").sort()).toEqual((await readdir("/sys/class/net")).sort());
  });

  test("namespaces of the host and of another container", async () => {
    const engine = getEngine();
    const uts = await engine.output(["readlink", "/proc/self/ns/uts"], ["--uts", "host"]);
    const own = await engine.must(["version", "--format", "x"]).then(() => readNamespace("uts"));
    expect(uts).toBe(own);
    await using container = await engine.start(["sleep", "1000"], ["--ipc", "shareable"]);
    const pid = await container.inspect("State.Pid");
    const joined = ["--pid", `container:${container.name}`, "--ipc", `container:${container.name}`];
    const output = await engine.output(
      ["sh", "-c", "cat /proc/1/comm; readlink /proc/self/ns/ipc"],
      joined,
    );
    expect(output).toBe(`sleep\n${await readNamespace("ipc", pid)}`);
  });
}

function testFiles(getEngine: () => Engine): void {
  test("--read-only with a tmpfs", async () => {
    const script =
      "touch /x 2>/dev/null || echo refused; touch /scratch/y && echo written; stat -f -c %S /scratch; df -k /scratch | tail -n 1 | awk '{print $2}'";
    const output = await getEngine().output(
      ["sh", "-c", script],
      ["--read-only", "--tmpfs", "/scratch:size=1m"],
    );
    expect(output).toBe("refused\nwritten\n4096\n1024");
  });

  test("a folder of the host, writable and read-only; a file", async () => {
    const folder = getEngine().path("shared");
    await mkdir(folder);
    await writeFile(join(folder, "in"), "from the host\n");
    const script =
      "cat /rw/in; echo from inside > /rw/out; touch /ro/x 2>/dev/null || echo refused; cat /etc/one-file";
    const flags = ["--volume", `${folder}:/rw`, "--volume", `${folder}:/ro:ro`];
    flags.push("--volume", `${join(folder, "in")}:/etc/one-file:ro`);
    const output = await getEngine().output(["sh", "-c", script], flags);
    expect(output).toBe("from the host\nrefused\nfrom the host");
    expect(await readFile(join(folder, "out"), "utf8")).toBe("from inside\n");
  });

  test("a folder on a file is refused, and said so", async () => {
    const folder = getEngine().path("folder");
    await mkdir(folder);
    const result = await getEngine().run(["true"], ["--volume", `${folder}:/etc/issue`]);
    expect(result.code).toBeGreaterThan(124);
    expect(result.stderr.toLowerCase()).toContain("not a directory");
  });

  test("a named volume outlives its container", async () => {
    const engine = getEngine();
    await engine.must(["volume", "create", "kept"]);
    await engine.output(["sh", "-c", "echo kept > /data/file"], ["--volume", "kept:/data"]);
    expect(await engine.output(["cat", "/data/file"], ["--volume", "kept:/data"])).toBe("kept");
    await engine.must(["volume", "rm", "kept"]);
  });

  test("cp into and out of a container", async () => {
    const engine = getEngine();
    await using container = await engine.start(["sleep", "1000"]);
    await writeFile(engine.path("to-copy"), "copied\n");
    await chmod(engine.path("to-copy"), 0o640);
    await engine.must(["cp", engine.path("to-copy"), `${container.name}:/tmp/copy`]);
    expect((await container.exec(["cat", "/tmp/copy"])).stdout).toBe("copied\n");
    await engine.must(["cp", `${container.name}:/etc/group`, engine.path("copied-group")]);
    expect(await readFile(engine.path("copied-group"), "utf8")).toContain("extra:x:2000:user");
  });
}

function testDebian(getEngine: () => Engine): void {
  test("bash and python with threads and a child", async () => {
    const program = [
      "import subprocess, threading, tempfile",
      "results = []",
      "threads = [threading.Thread(target=results.append, args=(n,)) for n in range(20)]",
      "[t.start() for t in threads]; [t.join() for t in threads]",
      "print(sum(results), subprocess.run(['bash', '-c', 'echo child'], capture_output=True, text=True).stdout.strip())",
      "print(tempfile.TemporaryFile().write(b'x' * 100000))",
    ];
    const result = await getEngine().run(["python3", "-c", program.join("\n")], [], {
      image: DEBIAN_IMAGE,
    });
    expect(result).toEqual({ code: 0, stdout: "190 child\n100000\n", stderr: "" });
  });

  test("dpkg and su work", async () => {
    const script = "dpkg-query --status bash | grep ^Status && su nobody -s /bin/bash -c 'id -un'";
    const result = await getEngine().run(["bash", "-c", script], [], { image: DEBIAN_IMAGE });
    expect(result).toEqual({
      code: 0,
      stdout: "Status: install ok installed\nnobody\n",
      stderr: "",
    });
  });
}

function countProcesses(commandLine: string): number {
  const isIt = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(commandLine);
    } catch {
      return false;
    }
  };
  return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name) && isIt(name)).length;
}

async function readNamespace(kind: string, pid = "self"): Promise<string> {
  return readlink(`/proc/${pid}/ns/${kind}`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
