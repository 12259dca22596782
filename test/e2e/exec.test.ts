// exec: another process in a running container.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitForPid } from "../../src/sys/process.ts";
import { eventually } from "../peers/conditions.ts";
import { NEEDS_ROOT, RuntimePlace, type TestContainer } from "./runtime-place.ts";

const place = new RuntimePlace();

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

function statusOf(container: TestContainer, names: readonly string[], flags: string[] = []) {
  const text = container.exec(["cat", "/proc/self/status"], flags).stdout;
  return Object.fromEntries(
    names.map((name) => [name, new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1]?.trim()]),
  );
}

describe.skipIf(NEEDS_ROOT)("exec (as root)", () => {
  test("runs a process beside the first one, with the caller's streams and its exit code", () => {
    const container = place.container().launch();
    const script = "read line; echo $line $$; echo problem >&2; exit 3";
    const result = container.exec(["sh", "-c", script], [], { input: "typed\n" });
    expect(result).toEqual({ code: 3, stdout: "typed 2\n", stderr: "problem\n" });
    expect(container.exec(["sh", "-c", "kill -9 $$"]).code).toBe(137);
    expect(container.exec(["ps", "-o", "args"]).stdout).toContain("sleep 600");
  });

  test("enters every namespace and cgroup of the container", () => {
    const container = place.container().launch();
    const names = ["ipc", "mnt", "net", "pid", "uts", "cgroup", "user"];
    const paths = names.map((name) => `/proc/self/ns/${name}`);
    const inside = container.exec(["sh", "-c", paths.map((path) => `readlink ${path}`).join(";")]);
    const inits = names.map((name) =>
      Bun.spawnSync(["readlink", `/proc/${container.pid}/ns/${name}`]).stdout.toString(),
    );
    expect(inside.stdout).toBe(inits.join(""));
    const own = container.exec(["cat", "/proc/self/cgroup"]).stdout;
    expect(own).toBe(container.exec(["cat", "/proc/1/cgroup"]).stdout);
    // On v1 by its pids tree, on v2 by the only one.
    expect(own).toMatch(new RegExp(`(pids|^0:):${place.cgroup}/${container.id}$`, "m"));
  });

  test("takes environment, folder, user and groups from the container, then from flags", () => {
    const container = place
      .container({ process: { env: ["PATH=/bin", "A=1", "B=2"], cwd: "/tmp" } })
      .launch();
    const script = 'echo "$A $B $C"; pwd; id -u; id -g; id -G';
    expect(container.exec(["sh", "-c", script]).stdout).toBe("1 2 \n/tmp\n0\n0\n0\n");
    const flags = ["-e", "B=3", "--env", "C=4", "--cwd", "/proc", "-u", "5:6", "-g", "7"];
    const result = container.exec(["sh", "-c", script], [...flags, "--additional-gids", "8"]);
    expect(result.stdout).toBe("1 3 4\n/proc\n5\n6\n6 7 8\n");
  });

  test.each(["root", "0x0", "-1", "4294967295", ":5", "1:x", " 1"])(
    "refuses %j as a user",
    (user) => {
      const container = place.container().launch();
      const result = container.exec(["true"], ["--user", user]);
      expect(result.code).toBe(255);
      expect(result.stderr).toContain("exec failed: use ");
    },
  );

  test("takes capabilities and no_new_privs from the container, then from flags", () => {
    const container = place.container({ process: { noNewPrivileges: false } }).launch();
    const names = ["CapEff", "CapPrm", "CapBnd", "CapAmb", "NoNewPrivs"];
    const own = {
      CapEff: "0000000020000420",
      CapPrm: "0000000020000420",
      CapBnd: "0000000020000420",
      CapAmb: "0000000000000000",
      NoNewPrivs: "0",
    };
    expect(statusOf(container, names)).toEqual(own);
    const more = "0000000020200420";
    expect(statusOf(container, names, ["--cap", "CAP_SYS_ADMIN", "--no-new-privs"])).toEqual({
      ...own,
      CapEff: more,
      CapPrm: more,
      CapBnd: more,
      NoNewPrivs: "1",
    });
  });

  test("takes the whole process from a file", () => {
    const container = place.container().launch();
    const file = join(place.folder, "process.json");
    const document = {
      args: ["sh", "-c", 'echo "$X"; pwd; id -u'],
      cwd: "/bin",
      env: ["X=y", "PATH=/bin"],
    };
    writeFileSync(file, JSON.stringify({ ...document, user: { uid: 9, gid: 9 } }));
    expect(place.must(["exec", "--process", file, container.id])).toBe("y\n/bin\n9\n");
    writeFileSync(file, JSON.stringify({ args: [], cwd: "x" }));
    const result = place.call(["exec", "-p", file, container.id]);
    expect(result.code).toBe(255);
    expect(result.stderr).toContain(`exec failed: parse ${file}: `);
  });

  test("--detach leaves the process to the caller, its pid in the file", async () => {
    const container = place.container().launch();
    const file = join(place.folder, "exec-pid");
    const flags = ["--detach", "--pid-file", file];
    expect(container.exec(["sleep", "601"], flags)).toEqual({ code: 0, stdout: "", stderr: "" });
    const pid = readFileSync(file, "utf8");
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toContain("601");
    expect(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]).toBe(
      String(process.pid),
    );
    const pids: number[] = JSON.parse(place.must(["ps", "--format", "json", container.id]));
    expect(pids).toEqual([container.pid, Number(pid)].sort((one, other) => one - other));
    // A pid namespace ends only when all of its processes have been reaped, and this one is ours.
    process.kill(Number(pid), "SIGKILL");
    expect(waitForPid(Number(pid))).toEqual({ signal: 9 });
  });

  test("hands on descriptors that it is told to, and no others", () => {
    const container = place.container().launch();
    const open = ["sh", "-c", 'exec 3</etc/passwd 4</dev/null 9</dev/null; exec "$@"', "sh"];
    const list = ["sh", "-c", "ls /proc/self/fd | wc -l; readlink /proc/self/fd/3"];
    // ls itself has one more open.
    expect(container.exec(list, [], { prefix: open }).stdout).toBe("4\n");
    expect(container.exec(list, ["--preserve-fds", "1"], { prefix: open }).stdout).toBe(
      "5\n/etc/passwd\n",
    );
    const result = container.exec(["true"], ["--preserve-fds", "3"], { prefix: open });
    expect(result.code).toBe(255);
    expect(result.stderr).toContain("descriptor 5 is not open");
  });

  test("passes signals on", async () => {
    const container = place.container().launch();
    const script = "trap 'echo got it; exit 4' TERM; echo ready; while :; do sleep 0.05; done";
    const child = Bun.spawn(place.command(["exec", container.id, "sh", "-c", script]), {
      stdout: "pipe",
    });
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toBe("ready\n");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(4);
  });
});

describe.skipIf(NEEDS_ROOT)("exec that cannot (as root)", () => {
  test.each([
    [
      ["nosuch"],
      'exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
    ],
    [
      ["/nosuch"],
      'exec failed: unable to start container process: exec: "/nosuch": no such file or directory',
    ],
    [["/bin"], 'exec failed: unable to start container process: exec: "/bin": permission denied'],
    [
      ["/etc/text"],
      'exec failed: unable to start container process: exec: "/etc/text": permission denied',
    ],
  ])("says so as docker and podman expect: %j", (words, text) => {
    const container = place.container();
    writeFileSync(join(container.root, "etc/text"), "text\n", { mode: 0o644 });
    const result = container.launch().exec(words);
    expect(result.code).toBe(255);
    expect(result.stderr).toContain(text);
    expect(result.stderr.trimEnd()).not.toContain("\n");
  });

  test("find its folder says so", () => {
    const result = place.container().launch().exec(["true"], ["--cwd", "/nosuch"]);
    expect(result.code).toBe(255);
    expect(result.stderr).toContain("no such file or directory");
    expect(result.stderr).toContain('"/nosuch"');
  });

  test("find a container that runs says so", async () => {
    const container = place.container().launch();
    container.verb("pause");
    expect(container.exec(["true"]).stderr).toBe(
      "exec failed: cannot exec in a paused container (use --ignore-paused to override)\n",
    );
    container.verb("resume");
    place.call(["kill", container.id, "KILL"]);
    await eventually("it has ended", () => container.status() === "stopped");
    expect(container.exec(["true"])).toEqual({
      code: 255,
      stdout: "",
      stderr: "exec failed: cannot exec in a stopped container\n",
    });
    expect(place.call(["exec", "nobody", "true"])).toEqual({
      code: 255,
      stdout: "",
      stderr: "exec failed: container does not exist\n",
    });
    expect(place.call(["exec", container.id]).stderr).toContain("process args cannot be empty");
  });
});
