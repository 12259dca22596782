// What the holder of an executed process is for: the process goes on without its client, its end is
// written down, and clients come and go.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  connectToExec,
  createExec,
  inspectExec,
  listExecs,
  resizeExec,
  signalExec,
  startExec,
  waitForExec,
} from "../../src/engine/containers/exec-operations.ts";
import { encodeCloseStdin, encodeHello, encodeStdin } from "../../src/holder/attach-protocol.ts";
import { HolderConnection } from "../../src/holder/holder-connection.ts";
import { readProcessStat, waitForPid } from "../../src/sys/process.ts";
import { TELLS_ENDS } from "../hostile/kills.ts";
import { eventually } from "../peers/conditions.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { ContainerPlace, spawnInto } from "./container-place.ts";
import { OCICAT } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const UNTIL_GO = "while [ ! -e /tmp/go ]; do sleep 0.02; done";
const DETACH = "\x10\x11";

describe.skipIf(NEEDS_ROOT)("as root: an executed process and its holder", () => {
  const place = new ContainerPlace();
  const output = (...words: readonly string[]) => place.outputOf("exec", ...words);
  const options = () => ({ storeRoot: place.store, stateRoot: place.state });
  const ids = () => listExecs("web", options());
  const spawn = (...words: readonly string[]) =>
    Bun.spawn([OCICAT, "exec", ...place.flags, ...words], { stdin: "pipe", stderr: "pipe" });
  const terminal = (words: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    new TerminalSession([OCICAT, "exec", ...place.flags, "-it", ...words], environment);

  beforeAll(() => {
    place.detach("web", "sleep 1000");
  });
  afterEach(async () => {
    output("web", "rm", "-f", "/tmp/go", "/tmp/gone");
    for (const id of await ids()) {
      if (await signalExec(id, 9, options())) {
        await waitForExec(id, options());
      }
    }
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  const inspect = (id: string) => inspectExec(id, options());

  /** The id of the only one that runs. */
  function running(): Promise<string> {
    return eventually("a process", async () => {
      const reports = await Promise.all((await ids()).map(inspect));
      return reports.find((report) => report.Pid > 0)?.ID;
    });
  }

  function told(id: string): string {
    const format = "{{.Running}} {{.ExitCode}}";
    return place.outputOf("inspect", "--type", "exec", "--format", format, id).trim();
  }

  function readWhenThere(path: string): string | undefined {
    return place.call("exec", ["web", "cat", path]).stdout || undefined;
  }

  const filesOf = (id: string) => readdirSync(join(place.state, ".execs", place.idOf("web"), id));

  test("one that its client saw to the end leaves no record", async () => {
    const before = await ids();
    expect(place.call("exec", ["web", "sh", "-c", "exit 3"]).status).toBe(3);
    expect(place.call("exec", ["web", "no-such-program"]).status).toBe(127);
    expect(place.call("exec", ["web", ""]).status).toBe(127);
    expect(await ids()).toEqual(before);
  });

  test("goes on when its client is killed, and its end is known", async () => {
    const client = spawn("web", "sh", "-c", `${UNTIL_GO}; exit 5`);
    const id = await running();
    client.kill("SIGKILL");
    await client.exited;
    expect(told(id)).toBe("true <no value>");
    expect(place.outputOf("inspect", "--format", "{{.ExecIDs}}", "web")).toContain(id);
    output("web", "touch", "/tmp/go");
    expect(await waitForExec(id, options())).toBe(5);
    expect(told(id)).toBe("false 5");
    await eventually("the socket's end", () => filesOf(id).length === 2);
    expect(filesOf(id).sort()).toEqual(["exec.json", "exit.json"]);
  });

  test("its input ends with the client that had it", async () => {
    const client = spawn("-i", "web", "sh", "-c", "cat; exit 4");
    const id = await running();
    client.kill("SIGKILL");
    expect(await waitForExec(id, options())).toBe(4);
  });

  test("-d prints the id; -t, too, gives a terminal, and -i an input that waits", async () => {
    const id = output("-d", "web", "sh", "-c", "exit 6").trim();
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await waitForExec(id, options())).toBe(6);
    expect(told(id.slice(0, 12))).toBe("false 6");

    const atTerminal = output("-d", "-t", "web", "sh", "-c", "tty > /tmp/tty; exit 7").trim();
    expect(await waitForExec(atTerminal, options())).toBe(7);
    expect(output("web", "cat", "/tmp/tty")).toMatch(/^\/dev\/pts\/\d+\n$/);

    const waits = output("-d", "-i", "web", "sh", "-c", "cat > /tmp/given; exit 8").trim();
    expect(told(waits)).toBe("true <no value>");
    using socket = await connectToExec(waits, options());
    const connection = new HolderConnection(socket.number);
    connection.post(encodeHello({ primary: true }));
    connection.post(encodeStdin(Buffer.from("from a client\n")));
    connection.post(encodeCloseStdin());
    expect(await waitForExec(waits, options())).toBe(8);
    expect(output("web", "cat", "/tmp/given")).toBe("from a client\n");

    expect(place.call("exec", ["-d", "web", "no-such-program"]).status).toBe(127);
  });

  test("the detach keys leave it running: docker's, chosen ones, those of the setting", async () => {
    const ways = [
      { keys: DETACH },
      { keys: "\x01q", flags: ["--detach-keys", "ctrl-a,q"] },
      { keys: "\x18", environment: { OCICAT_TERMINAL_DETACH_KEYS: "ctrl-x" } },
    ];
    for (const { keys, flags = [], environment } of ways) {
      const session = terminal([...flags, "web", "sh"], environment);
      await session.shows("# ");
      session.type(keys);
      expect(await session.ended()).toBe(0);
      const id = await running();
      expect(told(id)).toBe("true <no value>");
      await signalExec(id, 9, options());
      expect(await waitForExec(id, options())).toBe(137);
    }
  });

  test("made first and started later, resized, signalled", async () => {
    const script = `trap 'stty size > /tmp/after; exit 9' WINCH; stty size > /tmp/before
      while :; do sleep 0.02; done`;
    const request = {
      command: ["sh", "-c", script],
      env: [],
      terminal: true,
      interactive: false,
    };
    const id = await createExec("web", request, options());
    expect(await inspect(id)).toMatchObject({
      ID: id,
      Running: false,
      ExitCode: null,
      Pid: 0,
      ProcessConfig: { tty: true, entrypoint: "sh" },
    });
    await expect(waitForExec(id, options())).rejects.toThrow("it has not been started");
    await startExec(id, { ...options(), consoleSize: { height: 20, width: 70 } });
    await expect(startExec(id, options())).rejects.toThrow("it has been started before");
    expect((await inspect(id)).Running).toBe(true);
    const before = await eventually("the terminal's size", () => readWhenThere("/tmp/before"));
    expect(before).toBe("20 70\n");
    await resizeExec(id, { rows: 40, columns: 100 }, options());
    expect(await waitForExec(id, options())).toBe(9);
    expect(output("web", "cat", "/tmp/after")).toBe("40 100\n");

    const missing = await createExec("web", { ...request, command: ["missing"] }, options());
    await expect(startExec(missing, options())).rejects.toThrow("executable file not found");
    expect(await waitForExec(missing, options())).toBe(127);
  });

  /** As the init of a machine does, whose child it has become. */
  async function reapWhenDead(pid: number): Promise<void> {
    await eventually("the process's end", () => readProcessStat(pid)?.state === "Z");
    waitForPid(pid);
  }

  test.each(["pipe", "file"] as const)(
    "one whose holder is killed goes on, and so does its client, whose output is a %s",
    async (kind) => {
      const file = join(place.folder, kind);
      const script = `echo one
${UNTIL_GO}
seq 1 20000
exit 6`;
      const command = [OCICAT, "exec", ...place.flags, "web", "sh", "-c", script];
      const client = spawnInto(file, kind, command);
      const id = await running();
      const { Pid } = await inspect(id);
      await eventually("its output", () => readFileSync(file, "utf8") === "one\n");
      process.kill(readProcessStat(Pid)?.parentPid ?? 0, "SIGKILL");
      await eventually(
        "another holder",
        () => readProcessStat(Pid)?.parentPid === process.pid && told(id) === "true <no value>",
      );
      output("web", "touch", "/tmp/go");
      await reapWhenDead(Pid);
      expect(await client.exited).toBe(TELLS_ENDS ? 6 : 1);
      const numbers = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`);
      expect(readFileSync(file, "utf8")).toBe(["one\n", ...numbers].join(""));
      // Of one whose end nobody knows it remains to be seen that it has ended.
      expect((await ids()).includes(id)).toBe(!TELLS_ENDS);
    },
  );

  test("the reader of its output goes: it sees that, as it would at a pipe", async () => {
    const script = "trap '' PIPE; while echo more; do sleep 0.01; done; echo gone > /tmp/gone";
    const line = `${[OCICAT, "exec", ...place.flags, "web", "sh", "-c", `"${script}"`].join(" ")} | head -n 3`;
    const client = Bun.spawn(["bash", "-c", line], { stdin: "ignore", stdout: "pipe" });
    expect(await new Response(client.stdout).text()).toBe("more\nmore\nmore\n");
    await eventually("the end of the writer", () => readWhenThere("/tmp/gone") !== undefined);
    await client.exited;
  });

  test("one at a terminal ends with its holder, for nobody could reach it any more", async () => {
    const id = output(
      "-d",
      "-t",
      "web",
      "sh",
      "-c",
      "trap '' HUP; while :; do sleep 1; done",
    ).trim();
    const { Pid } = await inspect(id);
    process.kill(readProcessStat(Pid)?.parentPid ?? 0, "SIGKILL");
    await eventually("the end", () => {
      place.outputOf("ps");
      return readProcessStat(Pid)?.state === "Z";
    });
    waitForPid(Pid);
    expect(await waitForExec(id, options())).toBe(TELLS_ENDS ? 137 : undefined);
  });

  test("the last 64 that have ended are kept", async () => {
    const request = { command: ["true"], env: [], terminal: false, interactive: false };
    for (let count = 0; count < 81; count += 1) {
      await createExec("web", request, options());
    }
    const id = output("-d", "web", "true").trim();
    expect(await waitForExec(id, options())).toBe(0);
    const left = await ids();
    expect(left).toContain(id);
    expect(left.length).toBeGreaterThan(64);
    expect(left.length).toBeLessThanOrEqual(64 + 16 + 1);
  });

  test.each([
    ["", "in a pid namespace of its own"],
    ["--pid=host", "in the host's"],
  ])("ends with the container %s (%s)", async (flag) => {
    const flags = flag === "" ? [] : [flag];
    place.detach("short", "trap 'exit 0' TERM; while :; do sleep 0.02; done", ...flags);
    const held = output("-d", "short", "sleep", "1001").trim();
    const client = spawn("short", "sleep", "1002");
    await eventually("the client's process", async () => {
      const reports = await Promise.all((await listExecs("short", options())).map(inspect));
      return reports.filter((report) => report.Pid > 0).length === 2;
    });
    const { Pid } = await inspect(held);
    place.outputOf("stop", "short");
    expect(await client.exited).toBe(137);
    expect(await waitForExec(held, options())).toBe(137);
    expect(readProcessStat(Pid)).toBeUndefined();
    place.outputOf("start", "short");
    output("-d", "short", "sleep", "1003");
    place.outputOf("restart", "short");
    output("-d", "short", "sleep", "1004");
    place.outputOf("rm", "-f", "short");
    const folders = readdirSync(join(place.state, ".execs"));
    expect(folders).toEqual([place.idOf("web")]);
  });
});
