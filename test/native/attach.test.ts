// The attached client of src/holder in a process of its own, against the real holder.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { POLLIN } from "../../src/abi/process.ts";
import type { AttachEnd } from "../../src/holder/attach.ts";
import { close, tryRead } from "../../src/sys/file.ts";
import { bytes, decodeText } from "../../src/sys/memory.ts";
import { poll } from "../../src/sys/poll.ts";
import { openPseudoTerminal, setTerminalSize } from "../../src/sys/terminal.ts";
import { HOLDER_SOURCES } from "../../tools/native.ts";
import { BUN_FLAGS } from "../../tools/repository.ts";
import { compileHosted, missingTools, SANITIZED, TestFolder } from "./compiler.ts";
import { HeldCommand } from "./held-command.ts";

const CLIENT = join(import.meta.dir, "attach-client.ts");
const DEADLINE_MS = 60_000;

interface Result {
  readonly end: AttachEnd;
  readonly signals: readonly number[];
}

describe.skipIf(missingTools(SANITIZED).length > 0)("attach (needs gcc), standing still", () => {
  describeAttach("still");
});

describe.skipIf(missingTools(SANITIZED).length > 0)("attach (needs gcc), in the event loop", () => {
  describeAttach("in-loop");
});

function describeAttach(waiting: "still" | "in-loop"): void {
  const folder = new TestFolder();
  const driver = folder.file("hold-driver");
  const clientCommand = [process.execPath, ...BUN_FLAGS, CLIENT, folder.file("result"), waiting];

  beforeAll(() => {
    compileHosted(SANITIZED, ["test/native/hold-driver.c", ...HOLDER_SOURCES], driver);
  });

  afterAll(() => {
    folder.remove();
  });

  function hold(script: string, hasTerminal = false): HeldCommand {
    return new HeldCommand({
      target: SANITIZED,
      driver,
      command: ["sh", "-c", script],
      hasTerminal,
    });
  }

  function result(): Result {
    return JSON.parse(readFileSync(folder.file("result"), "utf8"));
  }

  /** A shell in which $CLIENT is the attached client. */
  function runAttached(held: HeldCommand, script: string): { stdout: string; stderr: string } {
    const command = ["bash", "-c", script];
    const { stdout, stderr } = Bun.spawnSync(command, {
      stdio: ["ignore", "pipe", "pipe", held.primary.connection.fd],
      env: { ...process.env, CLIENT: clientCommand.join(" ") },
    });
    held.primary.close();
    return { stdout: stdout?.toString() ?? "", stderr: stderr?.toString() ?? "" };
  }

  test("carries input and both outputs, and tells the exit code", () => {
    using held = hold("cat; echo error >&2; exit 3");
    const { stdout, stderr } = runAttached(held, "seq 1 200000 | $CLIENT | sha256sum");
    const wanted = Bun.spawnSync(["sh", "-c", "seq 1 200000 | sha256sum"]).stdout.toString();
    expect(stdout).toBe(wanted);
    expect(stderr).toBe("error\n");
    expect(result()).toEqual({ end: { kind: "exited", status: { code: 3 } }, signals: [] });
  });

  test("tells the signal", () => {
    using held = hold("kill -KILL $$");
    runAttached(held, "$CLIENT");
    expect(result().end).toEqual({ kind: "exited", status: { signal: 9 } });
  });

  test("a closed output ends what writes to it", () => {
    using held = hold("exec yes");
    const { stdout } = runAttached(held, "$CLIENT | head -n 1");
    expect(stdout).toBe("y\n");
    expect(result().end).toEqual({ kind: "exited", status: { signal: 13 } });
  });

  test("notices that the holder was killed", () => {
    using held = hold("kill -KILL $PPID; exec sleep 5");
    runAttached(held, "$CLIENT");
    expect(result().end).toEqual({ kind: "disconnected" });
  });

  test("forwards signals, real-time ones too", async () => {
    using held = hold("echo attached; cat $FOLDER/fifo");
    const client = Bun.spawn(clientCommand, {
      stdio: ["ignore", "pipe", "inherit", held.primary.connection.fd],
    });
    held.primary.close();
    const output = client.stdout.getReader();
    expect(decodeText((await output.read()).value ?? bytes(0))).toBe("attached\n");
    for (const signal of [1, 2, 10, 15, 34, 64]) {
      Bun.spawnSync(["kill", `-${signal}`, String(client.pid)]);
    }
    await until(() => readIfExists(folder.file("result.signals")).split(" ").length === 6);
    writeFileSync(held.file("fifo"), "go on\n");
    expect(decodeText((await output.read()).value ?? bytes(0))).toBe("go on\n");
    expect(await client.exited).toBe(0);
    expect([...result().signals].sort((a, b) => a - b)).toEqual([1, 2, 10, 15, 34, 64]);
  });

  /** An attached client on a new terminal, which is its controlling one; the test has the master. */
  class OnTerminal implements Disposable {
    readonly masterFd: number;
    readonly peerFd: number;
    readonly process: Bun.Subprocess;
    seen = "";

    constructor(held: HeldCommand) {
      const { masterFd, peerFd } = openPseudoTerminal();
      this.masterFd = masterFd;
      this.peerFd = peerFd;
      setTerminalSize(masterFd, { rows: 30, columns: 90 });
      this.process = Bun.spawn(["setsid", "--ctty", "--wait", ...clientCommand, "terminal"], {
        stdio: [peerFd, peerFd, peerFd, held.primary.connection.fd],
      });
      held.primary.close();
    }

    type(text: string): void {
      writeFileSync(this.masterFd, text);
    }

    waitFor(text: string): void {
      const deadline = performance.now() + DEADLINE_MS;
      const buffer = bytes(4096);
      while (!this.seen.includes(text)) {
        const left = deadline - performance.now();
        if (left <= 0 || poll([{ fd: this.masterFd, events: POLLIN }], left)[0] === 0) {
          throw new Error(`no ${JSON.stringify(text)} in ${JSON.stringify(this.seen)}`);
        }
        const count = tryRead(this.masterFd, buffer);
        this.seen += decodeText(buffer.subarray(0, Math.max(count, 0)));
      }
    }

    modes(): string {
      return Bun.spawnSync(["stty", "-a"], { stdio: [this.peerFd, "pipe", "pipe"] })
        .stdout.toString()
        .replaceAll(/\s+/g, " ");
    }

    [Symbol.dispose](): void {
      this.process.kill("SIGKILL");
      close(this.masterFd);
      close(this.peerFd);
    }
  }

  test("gives a terminal its size, raw, and follows it", async () => {
    const script = "stty size; read line; stty size; trap 'stty size; exit 4' WINCH; echo set";
    using held = hold(`${script}; while :; do sleep 0.01; done`, true);
    using client = new OnTerminal(held);
    const before = client.modes();
    expect(before).toContain(" echo ");
    client.waitFor("\r\n");
    client.type("line\r");
    client.waitFor("30 90\r\nset\r\n");
    expect(client.modes()).toContain(" -echo ");
    expect(client.modes()).toContain(" -isig ");
    setTerminalSize(client.masterFd, { rows: 24, columns: 132 });
    client.waitFor("24 132\r\n");
    expect(await client.process.exited).toBe(0);
    expect(result()).toEqual({ end: { kind: "exited", status: { code: 4 } }, signals: [] });
    expect(client.modes().replace(/rows \d+; columns \d+/, "")).toBe(
      before.replace(/rows \d+; columns \d+/, ""),
    );
  });

  test("sends control characters to the container, and detaches with ctrl-p ctrl-q", async () => {
    using held = hold("stty -isig -icanon -echo; echo ready; head -c 3 | od -c; cat", true);
    using client = new OnTerminal(held);
    const before = client.modes();
    client.waitFor("ready\r\n");
    client.type("\x03\x10x");
    client.waitFor("003 020   x\r\n");
    client.type("\x10\x11");
    expect(await client.process.exited).toBe(0);
    expect(result().end).toEqual({ kind: "detached" });
    expect(client.modes()).toBe(before);
    expect(held.process.exitCode).toBeNull();
  });
}

function readIfExists(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await Bun.sleep(5);
  }
}
