// What becomes of containers when the user who started them logs out, where that ends all processes of a
// session.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { makeBusyboxRoot } from "../../e2e/busybox-image.ts";
import { OCICAT } from "../../e2e/run-place.ts";
import { eventually } from "../../peers/conditions.ts";
import { TerminalSession } from "../../peers/terminal.ts";
import { USER } from "../accounts.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { run } from "../run.ts";
import { inSession, keepUserProcesses, killUserProcesses, sessionsEnded } from "../sessions.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const DETACH = "\x10\x11";
/** Writes a line when it is told to end. */
const SERVICE = [
  "/bin/sh",
  "-c",
  'trap "echo ended; exit 7" TERM; echo began; while :; do sleep 0.1; done',
];

describe.skipIf(!isGuest("systemd"))("logging out", () => {
  let folder = "";
  const place = () => ["--store", `${folder}/store`];
  const service = (name: string) => ["--name", name, "--rootfs", `${folder}/root`, ...SERVICE];
  beforeAll(async () => {
    folder = mkdtempSync("/tmp/ocicat-log-out-");
    makeBusyboxRoot(`${folder}/root`);
    await killUserProcesses();
  });
  afterAll(async () => {
    await run(["loginctl", "disable-linger", USER.name]);
    await keepUserProcesses();
    rmSync(folder, { recursive: true, force: true });
  });

  /** In a session of its own, which is over when this returns. */
  async function command(user: string, name: string, ...words: readonly string[]): Promise<string> {
    const line = [OCICAT, ...name.split(" "), ...place(), ...words];
    const { status, stdout, stderr } = await run(inSession(user, line));
    await sessionsEnded(user);
    expect([name, status, stderr]).toEqual([name, 0, ""]);
    return stdout;
  }

  async function expectWhole(user: string, name: string): Promise<void> {
    expect(await command(user, "ps", "--format", "{{.Names}} {{.Status}}")).toStartWith(
      `${name} Up `,
    );
    await command(user, "stop", name);
    expect(await command(user, "logs", name)).toBe("began\nended\n");
    await command(user, "rm", name);
  }

  test("root's containers go on, and so does an exec that was left running", async () => {
    await command("root", "run", "-d", ...service("roots"));
    const exec = ["exec", "-it", ...place(), "roots", "/bin/sh", "-c", "echo here; exec sleep 600"];
    const session = new TerminalSession(inSession("root", [OCICAT, ...exec], "--pty"));
    await session.shows("here\r\n");
    session.type(DETACH);
    expect(await session.ended()).toBe(0);
    await sessionsEnded("root");
    const id = await command("root", "inspect", "-f", "{{index .ExecIDs 0}}", "roots");
    const inspect = ["--type", "exec", "-f", "{{.Running}}", id.trim()];
    expect(await command("root", "inspect", ...inspect)).toBe("true\n");
    await expectWhole("root", "roots");
  });

  test("a lingering user's go on, with their limits, and take an exec of a later session", async () => {
    expect((await run(["chown", "-R", `${USER.id}:${USER.id}`, folder])).status).toBe(0);
    expect((await run(["loginctl", "enable-linger", USER.name])).status).toBe(0);
    await command(USER.name, "run", "-d", "-m", "64m", ...service("kept"));
    const inside = ["cat", "/proc/self/cgroup", "/sys/fs/cgroup/memory.max"];
    expect(await command(USER.name, "exec", "kept", "/bin/busybox", ...inside)).toBe(
      `0::/\n${64 * 1024 * 1024}\n`,
    );
    await expectWhole(USER.name, "kept");
  });

  test("any other user's end; whoever starts one at a terminal is told before", async () => {
    expect((await run(["loginctl", "disable-linger", USER.name])).status).toBe(0);
    await sessionsEnded(USER.name);
    const script = `"$0" run -d ${place().join(" ")} "$@" && "$0" inspect ${place().join(" ")} -f 'pid={{.State.Pid}}' fleeting`;
    const line = ["sh", "-c", script, OCICAT, ...service("fleeting")];
    const session = new TerminalSession(inSession(USER.name, line, "--pty"));
    await session.shows("pid=");
    expect(await session.ended()).toBe(0);
    expect(session.output).toContain("`loginctl enable-linger` lets it go on");
    const pid = /pid=(\d+)/.exec(session.output)?.[1] ?? "";
    await eventually("the container's end", () => pid !== "" && !existsSync(`/proc/${pid}`));
    await sessionsEnded(USER.name);
    expect(await command(USER.name, "ps", "-a", "--format", "{{.Status}}")).not.toContain("Up");
    await command(USER.name, "rm", "fleeting");
  });
});
