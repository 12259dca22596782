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
const SERVICE = `/bin/sh -c 'trap "echo ended; exit 7" TERM; echo began; sleep 600 & wait'`;
/** What a later log-in finds of one that goes on, and has stopped and removed. */
const LOOK =
  "ocicat ps --format '{{.Names}} {{.State}}'; ocicat stop it; ocicat logs it; ocicat rm it";
const WHOLE = "it running\nit\nbegan\nended\nit\n";

describe.skipIf(!isGuest("systemd"))("logging out", () => {
  let folder = "";
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

  /** A shell that knows `ocicat`, with its store in our folder, and a container `it` to run. */
  function shell(script: string): string[] {
    const ocicat = `ocicat() { verb=$1; shift; "$OCICAT" "$verb" --store ${folder}/store "$@"; }`;
    const start = `start() { ocicat run -d --name it --rootfs ${folder}/root "$@" ${SERVICE}; }`;
    return ["env", `OCICAT=${OCICAT}`, "sh", "-c", `${ocicat}\n${start}\n${script}`];
  }

  /** In a session, which is over when this returns. */
  async function session(user: string, script: string): Promise<string> {
    const { status, stdout, stderr } = await run(inSession(user, shell(script)));
    await sessionsEnded(user);
    expect({ script, status, stderr }).toEqual({ script, status: 0, stderr: "" });
    return stdout;
  }

  async function atTerminal(user: string, script: string, act: (at: TerminalSession) => unknown) {
    const terminal = new TerminalSession(inSession(user, shell(script), "--pty"));
    await act(terminal);
    expect(await terminal.ended()).toBe(0);
    await sessionsEnded(user);
    return terminal.output;
  }

  test("root's containers go on, and so does an exec that was left running", async () => {
    await session("root", "start");
    const exec = "ocicat exec -it it /bin/sh -c 'echo here; exec sleep 600'";
    await atTerminal("root", exec, async (terminal) => {
      await terminal.shows("here\r\n");
      terminal.type(DETACH);
    });
    const isLeft = "ocicat inspect --type exec -f '{{.Running}}'";
    const left = `${isLeft} $(ocicat inspect -f '{{index .ExecIDs 0}}' it)`;
    expect(await run(shell(`${left}; ${LOOK}`))).toMatchObject({ stdout: `true\n${WHOLE}` });
  });

  test("a lingering user's go on, with their limits, and take an exec of a later session", async () => {
    expect((await run(["chown", "-R", `${USER.id}:${USER.id}`, folder])).status).toBe(0);
    expect((await run(["loginctl", "enable-linger", USER.name])).status).toBe(0);
    await session(USER.name, "start -m 64m");
    const exec = "ocicat exec it /bin/cat /proc/self/cgroup /sys/fs/cgroup/memory.max";
    expect(await session(USER.name, `${exec}; ${LOOK}`)).toBe(
      `0::/\n${64 * 1024 * 1024}\n${WHOLE}`,
    );
  });

  test("any other user's end; whoever starts one at a terminal is told before", async () => {
    expect((await run(["loginctl", "disable-linger", USER.name])).status).toBe(0);
    await sessionsEnded(USER.name);
    const script = "start && ocicat inspect -f 'pid={{.State.Pid}}' it";
    const output = await atTerminal(USER.name, script, (terminal) => terminal.shows("pid="));
    expect(output).toContain("`loginctl enable-linger` lets it go on");
    const pid = /pid=(\d+)/.exec(output)?.[1] ?? "";
    await eventually("the container's end", () => pid !== "" && !existsSync(`/proc/${pid}`));
    const look = "ocicat ps -a --format '{{.Names}} {{.State}}'; ocicat rm it";
    expect(await session(USER.name, look)).toMatch(/^it (exited|dead)\nit\n$/);
  });
});
