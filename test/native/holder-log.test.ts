// The log that a holder writes: native/log.c under sanitizers, and for aarch64 in an emulator.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { encodeHello, encodeReopenLog } from "../../src/holder/attach-protocol.ts";
import { type LogEntry, LogReader } from "../../src/holder/log-entry.ts";
import { readProcessStat } from "../../src/sys/process.ts";
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
/** Of one file before the driver's log is rotated, and how many there may be. */
const SIZE_LIMIT = 1000;
const FILES = 3;

describe.skipIf(missingTools(SANITIZED).length > 0)("log", () => {
  describeLog(SANITIZED);
});

describe.skipIf(missingTools(EMULATED_AARCH64).length > 0)("log for aarch64, emulated", () => {
  describeLog(EMULATED_AARCH64);
});

function entriesOf(held: HeldCommand, name = "log"): LogEntry[] {
  return new LogReader().push(readFileSync(held.file(name)));
}

function told(entries: readonly LogEntry[]): string[] {
  return entries.map(
    ({ stream, endsLine, content }) =>
      `${stream}${endsLine ? "F" : "P"} ${new TextDecoder().decode(content)}`,
  );
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await Bun.sleep(5);
  }
}

/** The errno of the holder's answer. */
function reopenLog(client: TestClient): number | undefined {
  client.logReopened = undefined;
  client.connection.post(encodeReopenLog());
  client.readUntil(() => client.logReopened !== undefined);
  return client.logReopened;
}

function describeLog(target: Target): void {
  const folder = new TestFolder();
  const driver = folder.file("hold-driver");

  beforeAll(() => {
    compileHosted(target, SOURCES, driver);
  });

  afterAll(() => {
    folder.remove();
  });

  function hold(script: string, options: Partial<HeldOptions> = {}): HeldCommand {
    const command = ["sh", "-c", script];
    return new HeldCommand({
      target,
      driver,
      command,
      hasPrimary: false,
      options: "l",
      ...options,
    });
  }

  test("has every line of both outputs, the time, and the end of one that has none", async () => {
    const before = new Date().toISOString();
    const go = folder.file("go");
    const untilGo = `until test -e ${go}; do sleep 0.02; done`;
    using held = hold(`echo one
echo
printf 'two\\nthr'
${untilGo}
echo wrong >&2
printf ee`);
    await until(() => existsSync(held.file("log")) && entriesOf(held).length === 4);
    writeFileSync(go, "");
    expect(await held.process.exited).toBe(0);
    const entries = entriesOf(held);
    const byStream = (stream: number) => told(entries.filter((entry) => entry.stream === stream));
    expect(byStream(1)).toEqual(["1F one", "1F ", "1F two", "1P thr", "1P ee"]);
    expect(byStream(2)).toEqual(["2F wrong"]);
    const times = entries.map(({ time }) => time);
    expect(times.toSorted()).toEqual(times);
    expect(Math.abs(Date.parse(times[0] ?? "") - Date.parse(before))).toBeLessThan(60_000);
  });

  test("is rotated at its size, and the oldest file goes", async () => {
    using held = hold("seq -f 'line %05.0f' 1 200");
    expect(await held.process.exited).toBe(0);
    const files = readdirSync(held.folder.path).filter((name) => name.startsWith("log"));
    expect(files.length).toBe(FILES);
    const last = ["log.2", "log.1", "log"].flatMap((name) => told(entriesOf(held, name)));
    const wanted = Array.from(
      { length: 200 },
      (_, i) => `1F line ${String(i + 1).padStart(5, "0")}`,
    );
    expect(wanted.slice(-last.length)).toEqual(last);
    expect(last.length).toBeGreaterThan((FILES - 1) * Math.floor(SIZE_LIMIT / 60) - 1);
  });

  test("begins anew for a client that has renamed it", async () => {
    using held = hold("echo one; cat $FOLDER/fifo; echo two");
    await until(() => existsSync(held.file("log")) && entriesOf(held).length > 0);
    renameSync(held.file("log"), held.file("old"));
    const client = held.connect();
    client.connection.post(encodeHello({ primary: false }));
    expect(reopenLog(client)).toBe(0);
    Bun.spawnSync(["sh", "-c", `: > ${held.file("fifo")}`]);
    client.readUntilExit();
    expect(await held.process.exited).toBe(0);
    expect(told(entriesOf(held, "old"))).toEqual(["1F one"]);
    expect(told(entriesOf(held))).toEqual(["1F two"]);
  });

  test("a command that waits for its test ends with it, even when that has failed", async () => {
    const held = hold(`echo $$ > $FOLDER/pid
cat $FOLDER/fifo
cat $FOLDER/fifo`);
    const pidFile = held.file("pid");
    await until(() => existsSync(pidFile) && readFileSync(pidFile, "utf8").endsWith("\n"));
    const pid = Number(readFileSync(pidFile, "utf8"));
    held[Symbol.dispose]();
    await until(() => /^$|[ZX]/.test(readProcessStat(pid)?.state ?? ""));
    expect(existsSync(held.folder.path)).toBe(false);
  });

  test("a client learns that there is no log to open again", async () => {
    using held = hold("cat $FOLDER/fifo", { options: "-" });
    const client = held.connect();
    client.connection.post(encodeHello({ primary: false }));
    expect(reopenLog(client)).toBe(9);
    Bun.spawnSync(["sh", "-c", `: > ${held.file("fifo")}`]);
    client.readUntilExit();
    expect(readdirSync(held.folder.path)).not.toContain("log");
  });

  // A folder in the log's place stands for whatever keeps it from being written.
  const blocked = (bytes: number): string =>
    `cat $FOLDER/fifo; head -c ${bytes} /dev/zero | tr '\\0' x; touch $FOLDER/written`;

  test("the container waits for a log that can't be written, and loses nothing", async () => {
    // More than the pipe and the holder have room for, but not more than the client's socket has: a client that
    // does not read as fast as the holder writes is dropped.
    using held = hold(blocked(120_000));
    await until(() => existsSync(held.file("log")));
    renameSync(held.file("log"), held.file("old"));
    mkdirSync(held.file("log"));
    const client = held.connect();
    client.connection.post(encodeHello({ primary: false }));
    expect(reopenLog(client)).toBe(21);
    Bun.spawnSync(["sh", "-c", `: > ${held.file("fifo")}`]);
    client.readUntil(() => client.bytes[1] > 0);
    expect(existsSync(held.file("written"))).toBe(false);
    rmdirSync(held.file("log"));
    client.readUntilExit();
    expect(await held.process.exited).toBe(0);
    expect(client.bytes[1]).toBe(120_000);
    const files = readdirSync(held.folder.path).filter((name) => name.startsWith("log"));
    expect(files).toContain("log");
    expect(existsSync(held.file("written"))).toBe(true);
  });

  test("where it was asked for, output that can't be written is dropped and counted", async () => {
    using held = hold(`${blocked(300_000)}; cat $FOLDER/fifo; echo after`, {
      options: "ld",
      hasPrimary: true,
    });
    await until(() => existsSync(held.file("log")));
    renameSync(held.file("log"), held.file("old"));
    mkdirSync(held.file("log"));
    // The others are dropped when they do not read as fast as it writes.
    const client = held.primary;
    client.connection.post(encodeHello({ primary: true }));
    expect(reopenLog(client)).toBe(21);
    Bun.spawnSync(["sh", "-c", `: > ${held.file("fifo")}`]);
    client.readUntil(() => client.bytes[1] === 300_000);
    // Clients get output before the log does: answered is when that is over.
    expect(reopenLog(client)).toBe(21);
    rmdirSync(held.file("log"));
    Bun.spawnSync(["sh", "-c", `: > ${held.file("fifo")}`]);
    client.readUntilExit();
    expect(await held.process.exited).toBe(0);
    const words = "bytes of output are missing here: they could not be written";
    expect(told(entriesOf(held))).toEqual([`2F 300000 ${words}`, "1F after"]);
  });
}
