// Debian's containerd, on folders of its own, with the runtime under test behind its shim. Needs root
// and containerd: the peers' lane installs it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CommandResult, must, run } from "../../tools/peers/command.ts";
import {
  BUSYBOX_IMAGE,
  busyboxLayout,
  DEBIAN_IMAGE,
  debianLayout,
  writeImageArchive,
} from "../../tools/peers/images.ts";
import { limitOf } from "./cgroup-files.ts";
import { eventually } from "./conditions.ts";
import { type Daemon, startContainerd } from "./daemons.ts";
import { RUNTIME } from "./runtime-under-test.ts";
import { TerminalSession } from "./terminal.ts";
import { Workspace } from "./workspace.ts";

const isMissing = process.getuid?.() !== 0 || !existsSync("/usr/bin/containerd");

describe.skipIf(isMissing)("ctr run --runc-binary", () => {
  let workspace: Workspace;
  let containerd: Daemon;
  let count = 0;

  beforeAll(async () => {
    workspace = await Workspace.make("containerd");
    containerd = await startContainerd(workspace);
    await load(await busyboxLayout(), BUSYBOX_IMAGE);
    await load(await debianLayout(), DEBIAN_IMAGE);
  }, 120_000);

  afterAll(async () => {
    await containerd.stop();
    const leftovers = await workspace.leftovers([join(workspace.folder, "runtime/default")]);
    await workspace.remove();
    expect(leftovers).toEqual([]);
  }, 180_000);

  async function load(layout: string, image: string): Promise<void> {
    const archive = join(workspace.folder, "image.tar");
    await writeImageArchive(layout, image, archive);
    await must([...ctr(), "images", "import", archive]);
    await Bun.file(archive).delete();
  }

  function ctr(): string[] {
    return ["ctr", "--address", containerd.socket];
  }

  function newName(): string {
    count += 1;
    return `task${count}`;
  }

  /** The command line of `ctr run`, up to the program. */
  function runCommand(name: string, flags: readonly string[], image = BUSYBOX_IMAGE): string[] {
    const fixed = ["--runc-binary", RUNTIME, "--runc-root", join(workspace.folder, "runtime")];
    fixed.push("--fifo-dir", join(workspace.folder, "fifo"));
    fixed.push("--cgroup", `${workspace.cgroupParent}/${name}`);
    return [...ctr(), "run", ...fixed, ...flags, image, name];
  }

  function runInForeground(
    program: readonly string[],
    flags: readonly string[] = [],
    image = BUSYBOX_IMAGE,
  ): Promise<CommandResult> {
    return run([...runCommand(newName(), ["--rm", ...flags], image), ...program]);
  }

  /** Starts a detached task; it is killed and removed at the end of the scope. */
  async function start(program: readonly string[], flags: readonly string[] = []) {
    const name = newName();
    await must([...runCommand(name, ["--detach", ...flags]), ...program]);
    return {
      name,
      pid: async () =>
        Number((await must([...ctr(), "tasks", "ls"])).match(`${name} +([0-9]+)`)?.[1]),
      status: async () =>
        (await must([...ctr(), "tasks", "ls"])).match(`${name} +[0-9]+ +(\\w+)`)?.[1],
      exec: (command: readonly string[], execFlags: readonly string[] = []) => {
        const folder = ["--fifo-dir", join(workspace.folder, "fifo")];
        const identity = ["--exec-id", newName(), ...folder, ...execFlags];
        return run([...ctr(), "tasks", "exec", ...identity, name, ...command]);
      },
      [Symbol.asyncDispose]: async () => {
        await run([...ctr(), "tasks", "kill", "--signal", "KILL", name]);
        await run([...ctr(), "tasks", "rm", "--force", name]);
        await must([...ctr(), "containers", "rm", name]);
      },
    };
  }

  test("keeps standard output and standard error apart", async () => {
    const result = await runInForeground(["sh", "-c", "echo out; echo err >&2"]);
    expect(result).toEqual({ code: 0, stdout: "out\n", stderr: "err\n" });
  });

  test.each([0, 1, 37, 255])("ends with the exit code %d", async (code) => {
    expect((await runInForeground(["sh", "-c", `exit ${code}`])).code).toBe(code);
  });

  test("says why a program does not start, in the runtime's words, and leaves nothing", async () => {
    const inPath = await runInForeground(["no-such-program"]);
    const absolute = await runInForeground(["/no/such/program"]);
    const folder = await runInForeground(["/etc"]);
    const prefix = "OCI runtime create failed";
    expect([inPath.code, absolute.code, folder.code]).toEqual([1, 1, 1]);
    expect(inPath.stderr).toContain(prefix);
    expect(inPath.stderr).toContain('"no-such-program": executable file not found in $PATH');
    expect(absolute.stderr).toContain("no such file or directory");
    expect(folder.stderr).toContain("permission denied");
    expect(await must([...ctr(), "tasks", "ls", "-q"])).toBe("");
  });

  test("exec: streams, exit code, user, working directory", async () => {
    await using task = await start(["sleep", "1000"]);
    const result = await task.exec(
      ["sh", "-c", "echo out; echo err >&2; id -u; pwd; exit 3"],
      ["--user", "1000", "--cwd", "/tmp"],
    );
    expect(result).toEqual({ code: 3, stdout: "out\n1000\n/tmp\n", stderr: "err\n" });
  });

  test("exec of a missing program says so, and the task goes on", async () => {
    await using task = await start(["sleep", "1000"]);
    const result = await task.exec(["no-such-program"]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("OCI runtime exec failed");
    expect(result.stderr).toContain("executable file not found in $PATH");
    expect(await task.status()).toBe("RUNNING");
  });

  test("exec --detach, and ps shows both processes", async () => {
    await using task = await start(["sleep", "1000"]);
    await task.exec(["sleep", "500"], ["--detach"]);
    const list = await eventually("two processes", async () => {
      const output = await must([...ctr(), "tasks", "ps", task.name]);
      return output.trim().split("\n").length === 3 && output;
    });
    expect(list).toContain(String(await task.pid()));
  });

  test("run --tty: size and exit code", async () => {
    const session = new TerminalSession([...runCommand(newName(), ["--rm", "--tty"]), "sh"]);
    await session.shows("/ # ");
    await session.showsSize("33 90");
    session.type("exit 6\n");
    expect(await session.ended()).toBe(6);
  });

  test("exec --tty", async () => {
    await using task = await start(["sleep", "1000"]);
    const folder = ["--fifo-dir", join(workspace.folder, "fifo")];
    const command = [
      ...ctr(),
      "tasks",
      "exec",
      "--tty",
      "--exec-id",
      newName(),
      ...folder,
      task.name,
    ];
    const session = new TerminalSession([...command, "sh"]);
    await session.shows("/ # ");
    session.type("tty; exit 8\n");
    await session.shows("/dev/pts/0");
    expect(await session.ended()).toBe(8);
  });

  test("kill: TERM reaches a handler, KILL ends all", async () => {
    const folder = join(workspace.folder, "kill");
    await mkdir(folder);
    const mount = ["--mount", `type=bind,src=${folder},dst=/data,options=rbind:rw`];
    const script =
      "trap 'echo term > /data/log; exit 5' TERM; touch /data/ready; while :; do sleep 0.05; done";
    await using task = await start(["sh", "-c", script], mount);
    await eventually("the trap", () => existsSync(join(folder, "ready")));
    await must([...ctr(), "tasks", "kill", "--signal", "TERM", task.name]);
    await eventually("the end", async () => (await task.status()) === "STOPPED");
    expect(await readFile(join(folder, "log"), "utf8")).toBe("term\n");
    const again = await run([...ctr(), "tasks", "kill", "--signal", "TERM", task.name]);
    expect(again.stderr).toContain("not found");
  });

  test("pause and resume", async () => {
    await using task = await start(["sleep", "1000"]);
    await must([...ctr(), "tasks", "pause", task.name]);
    expect(await task.status()).toBe("PAUSED");
    await must([...ctr(), "tasks", "resume", task.name]);
    expect(await task.status()).toBe("RUNNING");
    expect((await task.exec(["true"])).code).toBe(0);
  });

  test("a memory limit, and metrics", async () => {
    await using task = await start(["sleep", "1000"], ["--memory-limit", "50331648"]);
    const metrics = await must([...ctr(), "tasks", "metrics", task.name]);
    expect(limitOf(await task.pid(), "memory")).toBe("50331648");
    expect(metrics).toMatch(/pids\.current +1\b/);
    expect(metrics).toMatch(/memory\.usage(_in_bytes)? +[1-9][0-9]+/);
  });

  test("read-only, bind mount, environment, working directory", async () => {
    const folder = join(workspace.folder, "mounted");
    await mkdir(folder);
    await writeFile(join(folder, "in"), "in\n");
    const flags = ["--read-only", "--env", "A=b", "--cwd", "/tmp"];
    flags.push("--mount", `type=bind,src=${folder},dst=/mnt,options=rbind:ro`);
    const script =
      "touch /x 2>/dev/null || echo refused; cat /mnt/in; echo $A; pwd; touch /mnt/x 2>/dev/null || echo refused";
    const result = await runInForeground(["sh", "-c", script], flags);
    expect(result.stdout).toBe("refused\nin\nb\n/tmp\nrefused\n");
  });

  test("rm --force ends a running task", async () => {
    await using task = await start(["sleep", "1000"]);
    const pid = await task.pid();
    await must([...ctr(), "tasks", "rm", "--force", task.name]);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test("Debian: bash and python", async () => {
    const result = await runInForeground(
      ["bash", "-c", "python3 -c 'print(6 * 7)'"],
      [],
      DEBIAN_IMAGE,
    );
    expect(result).toEqual({ code: 0, stdout: "42\n", stderr: "" });
  });

  test("five at the same time", async () => {
    const numbers = ["1", "2", "3", "4", "5"];
    const results = await Promise.all(numbers.map((number) => runInForeground(["echo", number])));
    expect(results).toEqual(
      numbers.map((number) => ({ code: 0, stdout: `${number}\n`, stderr: "" })),
    );
  });
});
