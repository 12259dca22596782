// The holder as its clients see it: native/holder.c under sanitizers, and for aarch64 in an emulator.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import {
  encodeCloseOutput,
  encodeCloseStdin,
  encodeHello,
  encodeResize,
  encodeStdin,
  PAYLOAD_LIMIT,
} from "../../src/holder/attach-protocol.ts";
import { readExitRecord } from "../../src/holder/exit-record.ts";
import {
  HOLD_LOG_OFFSETS,
  HOLD_OOM_PATH_OFFSET,
  HOLD_REQUEST_OFFSETS,
} from "../../src/program/hold-request.ts";
import { HOLDER_SOURCES } from "../../tools/native.ts";
import {
  compileHosted,
  EMULATED_AARCH64,
  missingTools,
  SANITIZED,
  type Target,
  TestFolder,
} from "./compiler.ts";
import { HeldCommand, type HeldOptions, type TestClient } from "./held-command.ts";

const SOURCES = ["test/native/hold-driver.c", ...HOLDER_SOURCES];
const CLIENT_LIMIT = 8;

describe.skipIf(missingTools(SANITIZED).length > 0)("holder", () => {
  describeHolder(SANITIZED, 100_000_000);
});

describe.skipIf(missingTools(EMULATED_AARCH64).length > 0)("holder for aarch64, emulated", () => {
  describeHolder(EMULATED_AARCH64, 10_000_000);
});

function describeHolder(target: Target, largeBytes: number): void {
  const folder = new TestFolder();
  const driver = folder.file("hold-driver");

  beforeAll(() => {
    compileHosted(target, SOURCES, driver);
  });

  afterAll(() => {
    folder.remove();
  });

  function hold(script: string, options: Partial<HeldOptions> = {}): HeldCommand {
    return new HeldCommand({ target, driver, command: ["sh", "-c", script], ...options });
  }

  function greet(client: TestClient, primary = false): TestClient {
    client.connection.post(encodeHello({ primary }));
    client.readUntil(() => client.hello !== undefined);
    return client;
  }

  async function fileExists(path: string): Promise<void> {
    while (!existsSync(path)) {
      await Bun.sleep(5);
    }
  }

  /** Reads the rest, and checks that the holder has nothing to complain about. */
  async function expectEnd(held: HeldCommand, client = held.primary): Promise<void> {
    client.readUntilExit();
    expect(await held.process.exited).toBe(0);
  }

  test("the request has the layout that TypeScript writes", () => {
    const { stdout } = Bun.spawnSync([...target.runner, driver, "--layout"]);
    expect(JSON.parse(stdout.toString())).toEqual({
      ...HOLD_REQUEST_OFFSETS,
      oomPath: HOLD_OOM_PATH_OFFSET,
      log: { ...HOLD_LOG_OFFSETS },
    });
  });

  test("refuses a request of another version", async () => {
    using held = hold("exec sleep 60", { options: "v" });
    expect(await held.process.exited).toBe(22);
  });

  test("tells the exit code, last, and records it", async () => {
    using held = hold("echo out; echo error >&2; exit 3");
    greet(held.primary, true);
    await expectEnd(held);
    expect(held.primary.hello).toEqual({
      type: "hello",
      version: 1,
      primary: true,
      terminal: false,
      settler: false,
    });
    expect(held.primary.text).toEqual({ 1: "out\n", 2: "error\n" });
    expect(held.primary.exit?.status).toEqual({ code: 3 });
    const record = readExitRecord(held.directoryFd);
    expect(record?.status).toEqual({ code: 3 });
    expect(record?.pid).toBeGreaterThan(0);
    const age = Date.now() / 1000 - (record?.finishedAt.seconds ?? 0);
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(60);
  });

  const COUNTS: readonly (readonly [string, string, number])[] = [
    ["v2", "low 1\\noom 7\\noom_kill 12\\noom_group_kill 3\\n", 12],
    ["v1", "oom_kill_disable 5\\nunder_oom 0\\noom_kill 1\\n", 1],
    ["v2 of an old kernel", "oom 7\\noom_group_kill 3\\n", 0],
  ];

  test.each(COUNTS)(
    "records kills for want of memory, as cgroup %s counts them",
    async (_, text, kills) => {
      using held = hold(`printf '${text}' > $FOLDER/oom; exit 3`, { options: "o" });
      greet(held.primary, true);
      await expectEnd(held);
      expect(readExitRecord(held.directoryFd)).toMatchObject({
        status: { code: 3 },
        oomKills: kills,
      });
    },
  );

  /** The count of the cgroup goes, as with a scope of systemd's, and that of the one above stays. */
  const LOSSES: readonly (readonly [string, string, string, number])[] = [
    ["counts it", "oom_kill 6", "kill -KILL $$", 1],
    ["counts nothing", "oom_kill 5", "kill -KILL $$", 0],
    ["counts one of others", "oom_kill 6", "exit 3", 0],
  ];

  test.each(LOSSES)(
    "where systemd was faster, and the cgroup above %s",
    async (_, above, end, kills) => {
      const wait = "while [ ! -e $FOLDER/go ]; do sleep 0.02; done";
      const count = `: > scope/memory.events; echo '${above}' > memory.events`;
      using held = hold(`${wait}; cd $FOLDER/above; ${count}; ${end}`, { options: "c" });
      greet(held.primary, true);
      writeFileSync(held.file("go"), "");
      await expectEnd(held);
      expect(readExitRecord(held.directoryFd)?.oomKills).toBe(kills);
    },
  );

  test("a cgroup that has gone counts nothing", async () => {
    using held = hold("exit 3", { options: "o" });
    greet(held.primary, true);
    await expectEnd(held);
    expect(readExitRecord(held.directoryFd)?.oomKills).toBe(0);
  });

  test("records it also for a container that is soon removed", async () => {
    using held = hold("exit 3", { options: "b" });
    greet(held.primary, true);
    await expectEnd(held);
    expect(readExitRecord(held.directoryFd)?.status).toEqual({ code: 3 });
  });

  test("tells the signal", async () => {
    using held = hold("kill -KILL $$");
    greet(held.primary, true);
    await expectEnd(held);
    expect(held.primary.exit?.status).toEqual({ signal: 9 });
    expect(readExitRecord(held.directoryFd)?.status).toEqual({ signal: 9 });
  });

  test("keeps what was written before the primary client greets, and after the end", async () => {
    using held = hold("head -c 60000 /dev/zero; echo end >&2");
    await fileExists(held.file("exit.json"));
    greet(held.primary, true);
    await expectEnd(held);
    expect(held.primary.bytes[1]).toBe(60_000);
    expect(held.primary.text[2]).toBe("end\n");
  });

  test("loses nothing of a large output", async () => {
    const generate = `seq 1 99999999 | head -c ${largeBytes}`;
    const wanted = Bun.spawnSync(["sh", "-c", `${generate} | sha256sum`]).stdout.toString();
    using held = hold(generate);
    greet(held.primary, true);
    await expectEnd(held);
    expect(held.primary.bytes[1]).toBe(largeBytes);
    expect(held.primary.hash[1].digest("hex")).toBe(wanted.slice(0, 64));
  }, 120_000);

  test("a stuck primary client holds the container back; another client is dropped instead", async () => {
    using held = hold("cat $FOLDER/fifo; head -c 5000000 /dev/zero; touch $FOLDER/written");
    const primary = greet(held.primary, true);
    const stuck = greet(held.connect());
    writeFileSync(held.file("fifo"), "");
    primary.readUntil(() => primary.bytes[1] > 2_000_000);
    expect(existsSync(held.file("written"))).toBe(false);
    await expectEnd(held, primary);
    stuck.readUntilGone();
    expect(stuck.exit).toBeUndefined();
    expect(stuck.bytes[1]).toBeLessThan(2_000_000);
  });

  test("serves eight clients, and no ninth", async () => {
    using held = hold("read line; echo $line");
    greet(held.primary, true);
    const others = Array.from({ length: CLIENT_LIMIT - 1 }, () => greet(held.connect()));
    const ninth = held.connect();
    ninth.readUntilGone();
    expect(ninth.hello).toBeUndefined();
    others[3]?.connection.post(encodeStdin(new TextEncoder().encode("to all\n")));
    for (const client of [held.primary, ...others]) {
      client.readUntilExit();
      expect(client.text[1]).toBe("to all\n");
    }
    expect(others.map(({ hello }) => hello?.primary)).toEqual(others.map(() => false));
    expect(await held.process.exited).toBe(0);
  });

  test("closes the container's input when a client says so, and goes on reading", async () => {
    using held = hold("cat; echo rest");
    const { primary } = held;
    greet(primary, true);
    const content = Uint8Array.from({ length: PAYLOAD_LIMIT }, (_, index) => index * 7);
    for (let sent = 0; sent < 100; sent++) {
      primary.connection.post(encodeStdin(content));
    }
    primary.connection.post(encodeCloseStdin());
    await expectEnd(held);
    const wanted = new Bun.CryptoHasher("sha256");
    for (let sent = 0; sent < 100; sent++) {
      wanted.update(content);
    }
    wanted.update("rest\n");
    expect(primary.bytes[1]).toBe(100 * PAYLOAD_LIMIT + 5);
    expect(primary.hash[1].digest("hex")).toBe(wanted.digest("hex"));
  });

  test("input that the container does not read holds up its sender alone", async () => {
    using held = hold("read line < $FOLDER/fifo; echo $line");
    const sender = greet(held.primary, true);
    const content = new Uint8Array(PAYLOAD_LIMIT);
    let posted = 0;
    while (sender.connection.isIdle && posted < 1000) {
      sender.connection.post(encodeStdin(content));
      posted += 1;
    }
    expect(posted).toBeLessThan(1000);
    const other = greet(held.connect());
    writeFileSync(held.file("fifo"), "on\n");
    other.readUntilExit();
    expect(other.text[1]).toBe("on\n");
    sender.readUntilExit();
    expect(await held.process.exited).toBe(0);
  });

  test("input for a command that closed it is thrown away", async () => {
    using held = hold("exec < /dev/null; echo ready; read line < $FOLDER/fifo; exit 4");
    const primary = greet(held.primary, true);
    primary.readUntil(() => primary.text[1] === "ready\n");
    for (let sent = 0; sent < 200; sent++) {
      primary.connection.post(encodeStdin(new Uint8Array(PAYLOAD_LIMIT)));
    }
    primary.readUntil(() => primary.connection.isIdle);
    writeFileSync(held.file("fifo"), "on\n");
    await expectEnd(held);
    expect(primary.exit?.status).toEqual({ code: 4 });
  });

  test("a terminal echoes, has the size it was given, and is no second stream", async () => {
    using held = hold("read line; stty size; echo error >&2; exit 5", { hasTerminal: true });
    const primary = greet(held.primary, true);
    expect(primary.hello?.terminal).toBe(true);
    primary.connection.post(encodeResize({ rows: 43, columns: 300 }));
    primary.connection.post(encodeStdin(new TextEncoder().encode("typed\n")));
    await expectEnd(held);
    expect(primary.text).toEqual({ 1: "typed\r\n43 300\r\nerror\r\n", 2: "" });
    expect(primary.exit?.status).toEqual({ code: 5 });
  });

  test("a command may close its terminal and open it again", async () => {
    const script = "exec < /dev/null > /dev/null 2>&1; sleep 0.1; echo again > /dev/tty";
    using held = hold(script, { hasTerminal: true });
    greet(held.primary, true);
    await expectEnd(held);
    expect(held.primary.text[1]).toBe("again\r\n");
  });

  test("a large output of a terminal is whole", async () => {
    using held = hold("stty -opost; seq 1 300000", { hasTerminal: true });
    const primary = greet(held.primary, true);
    await expectEnd(held);
    expect(primary.bytes[1]).toBe(1_988_895);
  });

  test("goes on without its primary client, and takes another", async () => {
    const script = "cat $FOLDER/fifo; head -c 1000000 /dev/zero; touch $FOLDER/past";
    using held = hold(`${script}; cat $FOLDER/fifo`);
    greet(held.primary, true);
    held.primary.close();
    writeFileSync(held.file("fifo"), "thrown away\n");
    await fileExists(held.file("past"));
    const next = greet(held.connect(), true);
    expect(next.hello?.primary).toBe(true);
    writeFileSync(held.file("fifo"), "kept\n");
    await expectEnd(held, next);
    expect(next.text[1]).toBe("kept\n");
    expect(next.exit?.status).toEqual({ code: 0 });
  });

  test("a primary client that goes before it greets does not hold up the container", async () => {
    using held = hold("head -c 1000000 /dev/zero; exit 6");
    held.primary.close();
    expect(await held.process.exited).toBe(0);
    expect(readExitRecord(held.directoryFd)?.status).toEqual({ code: 6 });
  });

  test("does not wait for processes that init left behind, silent or not", async () => {
    using held = hold("sleep 60 & echo $! >&2; yes & echo $! >&2; cat $FOLDER/fifo");
    const primary = greet(held.primary, true);
    primary.readUntil(() => primary.text[1].startsWith("y\ny\n"));
    writeFileSync(held.file("fifo"), "");
    await expectEnd(held);
    const pids = primary.text[2].trim().split("\n").map(Number);
    expect(pids).toHaveLength(2);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // yes has died of its closed output.
      }
    }
  });

  test("the primary client can close the output: the container sees a broken pipe", async () => {
    using held = hold("exec yes");
    greet(held.primary, true);
    held.primary.connection.post(encodeCloseOutput(1));
    await expectEnd(held);
    expect(held.primary.exit?.status).toEqual({ signal: 13 });
  });

  test("another client cannot", async () => {
    using held = hold("cat $FOLDER/fifo");
    greet(held.primary, true);
    const other = greet(held.connect());
    other.connection.post(encodeCloseOutput(1));
    // Frames are obeyed in order, so the answer to the input proves that the other was seen.
    other.connection.post(encodeCloseStdin());
    writeFileSync(held.file("fifo"), "still here\n");
    await expectEnd(held);
    expect(held.primary.text[1]).toBe("still here\n");
  });

  const malformed: readonly [name: string, content: readonly number[]][] = [
    ["input before hello", [2, 0, 1, 0, 65]],
    ["hello of another length", [1, 0, 5, 0, 1, 0, 0, 0, 0]],
    ["hello of version 0", [1, 0, 4, 0, 0, 0, 0, 0]],
    ["hello of a stream", [1, 1, 4, 0, 1, 0, 0, 0]],
    ["a second hello", [1, 0, 4, 0, 1, 0, 0, 0, 1, 0, 4, 0, 1, 0, 0, 0]],
    ["an unknown type", [1, 0, 4, 0, 1, 0, 0, 0, 9, 0, 0, 0]],
    ["a type that is the holder's", [1, 0, 4, 0, 1, 0, 0, 0, 6, 1, 1, 0, 65]],
    ["empty input", [1, 0, 4, 0, 1, 0, 0, 0, 2, 0, 0, 0]],
    ["input that is too long", [1, 0, 4, 0, 1, 0, 0, 0, 2, 0, 1, 64]],
    ["a size of another length", [1, 0, 4, 0, 1, 0, 0, 0, 4, 0, 2, 0, 1, 1]],
    ["a close of no output", [1, 0, 4, 0, 1, 0, 0, 0, 5, 0, 0, 0]],
    ["a close of output three", [1, 0, 4, 0, 1, 0, 0, 0, 5, 3, 0, 0]],
  ];

  test("a malformed frame ends the connection of its sender alone", async () => {
    using held = hold("read line; echo $line");
    greet(held.primary, true);
    for (const [name, content] of malformed) {
      const client = held.connect();
      client.connection.post(Uint8Array.from(content));
      client.readUntilGone();
      expect([name, client.exit]).toEqual([name, undefined]);
    }
    held.primary.connection.post(encodeStdin(new TextEncoder().encode("fine\n")));
    await expectEnd(held);
    expect(held.primary.text[1]).toBe("fine\n");
  });
}
