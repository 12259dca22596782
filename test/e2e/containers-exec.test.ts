// exec: other processes in a container that runs.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../peers/conditions.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { ContainerPlace } from "./container-place.ts";
import { OCICAT } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: exec", () => {
  const place = new ContainerPlace();
  const exec = (...words: readonly string[]) => place.call("exec", words);
  const output = (...words: readonly string[]) => place.outputOf("exec", ...words);

  beforeAll(() => {
    place.detach("web", "echo started; sleep 1000", "-e", "OWN=1", "-w", "/tmp");
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  test("its streams, its working directory and its exit code", () => {
    const script = "pwd; cat; echo error >&2; exit 7";
    const { status, stdout, stderr } = place.call("exec", ["-i", "web", "sh", "-c", script], {
      input: "given\n",
    });
    expect([status, stdout, stderr]).toEqual([7, "/tmp\ngiven\n", "error\n"]);
    expect(place.call("exec", ["web", "cat"], { input: "not given" }).stdout).toBe("");
    expect(exec("web", "sh", "-c", "kill -9 $$").status).toBe(137);
  });

  test("it ignores no signal, whatever the caller ignores", () => {
    const words = [OCICAT, "exec", ...place.flags, "web", "grep", "SigIgn", "/proc/self/status"];
    const child = Bun.spawnSync(["sh", "-c", 'trap "" PIPE CHLD; "$@"', "sh", ...words]);
    expect(child.stderr.toString()).toBe("");
    expect(child.stdout.toString()).toBe("SigIgn:\t0000000000000000\n");
  });

  test("the container's variables and those of the flags", () => {
    const { root, folder } = place;
    expect(root).toStartWith(folder);
    const file = `${folder}/variables`;
    Bun.spawnSync(["sh", "-c", `printf 'FILE=2\\n' > ${file}`]);
    const text = output("-e", "OWN", "-e", "FLAG=3", "--env-file", file, "web", "env");
    const lines = text.trimEnd().split("\n");
    expect(lines).toContain("FROM_IMAGE=yes");
    expect(lines).toContain("PATH=/bin");
    expect(lines).toContain("HOME=/root");
    expect(lines).toContain("FILE=2");
    expect(lines).toContain("FLAG=3");
    expect(text).not.toContain("OWN=");
    expect(text).not.toContain("TERM=");
    expect(output("-w", "/etc", "web", "pwd")).toBe("/etc\n");
  });

  test("users by names and numbers", () => {
    const ids = (user: string) => output("-u", user, "web", "sh", "-c", "id; echo $HOME");
    expect(ids("user")).toBe(
      "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)\n/home\n",
    );
    expect(ids("user:extra")).toBe("uid=1000(user) gid=2000(extra) groups=2000(extra)\n/home\n");
    expect(ids("77:88")).toBe("uid=77 gid=88 groups=88\n/\n");
    const status = (user: string) => output("-u", user, "web", "cat", "/proc/self/status");
    expect(status("user")).toMatch(/CapEff:\t0{16}\n/);
    expect(status("root")).not.toMatch(/CapEff:\t0{16}\n/);
    const unknown = exec("-u", "nobody-here", "web", "true");
    expect([unknown.status, unknown.stderr]).toEqual([1, expect.stringContaining("no such name")]);
  });

  test("accounts are those of the container as it is now, whatever links it has", () => {
    const script =
      "cp /etc/passwd /tmp/p; echo new:x:55:66::/new: >> /tmp/p; ln -sf /tmp/p /etc/passwd";
    output("web", "busybox", "sh", "-c", script);
    expect(output("-u", "new", "web", "sh", "-c", "id -u; id -g; echo $HOME")).toBe(
      "55\n66\n/new\n",
    );
  });

  test("the shell's exit codes for programs that cannot be executed", () => {
    expect(exec("web", "no-such-program").status).toBe(127);
    expect(exec("web", "/etc/passwd").status).toBe(126);
    expect(exec("web", "/etc").status).toBe(126);
    expect(exec("nobody", "true").status).toBe(1);
    const privileged = exec("--privileged", "web", "true");
    expect([privileged.status, privileged.stderr]).toEqual([
      125,
      expect.stringContaining("more than its container"),
    ]);
    expect(exec("-it", "web", "true").stderr).toContain("not a TTY");
  });

  test("-it: a terminal of the right size, that follows ours", async () => {
    const session = new TerminalSession([OCICAT, "exec", ...place.flags, "-it", "web", "sh"]);
    await session.shows("# ");
    session.type("stty size; echo $TERM\r");
    await session.shows("33 90\r\nxterm\r\n");
    session.resize(120, 50);
    await session.showsSize("50 120");
    session.type("exit 4\r");
    expect(await session.ended()).toBe(4);
  });

  test("signals are passed on", async () => {
    const script = "trap 'exit 9' USR1; sleep 60 > /tmp/trapped & wait";
    const child = Bun.spawn([OCICAT, "exec", ...place.flags, "web", "sh", "-c", script]);
    await eventually("its trap", () => exec("web", "test", "-e", "/tmp/trapped").status === 0);
    child.kill("SIGUSR1");
    expect(await child.exited).toBe(9);
  });

  test("not in one that is paused or has ended", () => {
    place.outputOf("pause", "web");
    expect(exec("web", "true").stderr).toContain("it is paused");
    place.outputOf("unpause", "web");
    place.outputOf("create", "--name", "idle", place.image);
    const idle = exec("idle", "true");
    expect([idle.status, idle.stderr]).toEqual([1, expect.stringContaining("not been started")]);
  });
});
