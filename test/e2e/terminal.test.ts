// Terminals: over the console socket, and carried to the caller's own.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SOCK_STREAM } from "../../src/abi/process.ts";
import { call } from "../../src/sys/call.ts";
import { addressOf } from "../../src/sys/entry.ts";
import { OwnedFd } from "../../src/sys/file.ts";
import { bytes, decodeText } from "../../src/sys/memory.ts";
import { poll } from "../../src/sys/poll.ts";
import { waitForPid } from "../../src/sys/process.ts";
import { listenUnixAt, receiveMessage } from "../../src/sys/socket.ts";
import { terminalSize } from "../../src/sys/terminal.ts";
import { eventually } from "../peers/conditions.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { NEEDS_ROOT, RuntimePlace, type TestContainer } from "./runtime-place.ts";

const place = new RuntimePlace();

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

const POLLIN = 1;
let sockets = 0;

/** Listens where a runtime is told to send the terminal, as conmon and containerd do. */
class ConsoleSocket implements Disposable {
  readonly path: string;
  readonly #listener: OwnedFd;

  constructor() {
    sockets += 1;
    const name = `console-${sockets}`;
    this.path = join(place.folder, name);
    const directory = openSync(place.folder, "r");
    this.#listener = new OwnedFd(listenUnixAt(directory, name, SOCK_STREAM));
    closeSync(directory);
  }

  /** The master that has come. */
  master(): { readonly fd: OwnedFd; readonly name: string } {
    const accepted = call("accept4", this.#listener.number, 0, 0, 0);
    using connection = new OwnedFd(accepted);
    const { payload, descriptors } = receiveMessage(connection.number, 4096);
    expect(descriptors).toHaveLength(1);
    return { fd: new OwnedFd(descriptors[0] ?? -1), name: decodeText(payload) };
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
  }
}

/** Reads until `text` has come. */
function readUntil(fd: number, text: string): string {
  let all = "";
  while (!all.includes(text)) {
    const [events = 0] = poll([{ fd, events: POLLIN }], 60_000);
    const buffer = bytes(4096);
    const count = events === 0 ? 0 : call("read", fd, addressOf(buffer), buffer.length);
    if (count <= 0) {
      throw new Error(`${JSON.stringify(text)} did not come: ${JSON.stringify(all)}`);
    }
    all += decodeText(buffer.subarray(0, count));
  }
  return all;
}

function type(fd: number, text: string): void {
  const content = bytes(text.length);
  content.set(new TextEncoder().encode(text));
  expect(call("write", fd, addressOf(content), content.length)).toBe(text.length);
}

const TTY_SCRIPT =
  "tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; read line; echo got $line";

describe.skipIf(NEEDS_ROOT)("a terminal (as root)", () => {
  test("comes over the console socket before create returns", async () => {
    using socket = new ConsoleSocket();
    const container = place.container({
      script: TTY_SCRIPT,
      process: { terminal: true, consoleSize: { height: 33, width: 90 } },
    });
    expect(container.create(["--console-socket", socket.path])).toMatchObject({
      code: 0,
      stderr: "",
    });
    const { fd, name } = socket.master();
    using master = fd;
    expect(name).toBe("/dev/ptmx");
    expect(terminalSize(master.number)).toEqual({ rows: 33, columns: 90 });
    container.verb("start");
    expect(readUntil(master.number, "all")).toContain("/dev/pts/0\r\n33 90\r\nall");
    type(master.number, "word\n");
    expect(readUntil(master.number, "got word")).toContain("got word");
    await eventually("it has ended", () => container.status() === "stopped");
  });

  test("is the console and the controlling terminal of its session", () => {
    using socket = new ConsoleSocket();
    const container = place.container({
      script: "stat -c '%t:%T' /dev/console; stat -c %u $(tty); echo here > /dev/tty; sleep 600",
      process: { terminal: true, user: { uid: 1000, gid: 1000 } },
    });
    container.create(["--console-socket", socket.path]);
    using master = socket.master().fd;
    container.verb("start");
    expect(readUntil(master.number, "here")).toStartWith("88:0\r\n1000\r\nhere");
    // ^C reaches the foreground of that session.
    const foreground = container.exec(["true"]);
    expect(foreground.code).toBe(0);
  });

  test("is given to exec too", () => {
    using socket = new ConsoleSocket();
    const container = place.container().launch();
    const flags = ["--tty", "--detach", "--console-socket", socket.path];
    const pidFile = join(place.folder, "tty-pid");
    const result = container.exec(["sh", "-c", TTY_SCRIPT], [...flags, "--pid-file", pidFile]);
    expect(result).toEqual({ code: 0, stdout: "", stderr: "" });
    using master = socket.master().fd;
    expect(readUntil(master.number, "all")).toContain("/dev/pts/0");
    type(master.number, "word\n");
    readUntil(master.number, "got word");
    expect(waitForPid(Number(readFileSync(pidFile, "utf8")))).toEqual({ code: 0 });
  });

  test("is refused where nobody takes it, and a socket where there is no terminal", () => {
    const container = place.container({ process: { terminal: true } });
    expect(container.create().stderr).toContain(
      "cannot allocate tty if ocicat-runtime will detach without setting console socket",
    );
    expect(container.run(["--detach"]).code).toBe(1);
    const plain = place.container();
    using socket = new ConsoleSocket();
    expect(plain.create(["--console-socket", socket.path]).stderr).toContain(
      "cannot use console socket",
    );
  });
});

function session(container: TestContainer, words: readonly string[]): TerminalSession {
  return new TerminalSession(place.command([...words, container.id]));
}

describe.skipIf(NEEDS_ROOT)("the caller's terminal (as root)", () => {
  test("is carried to a container in the foreground: bytes, sizes, exit code", async () => {
    const container = place.container({
      script:
        "stty size; trap 'stty size' WINCH; echo ready; while ! read line; do :; done; echo got $line; exit 7",
      process: { terminal: true },
    });
    const terminal = session(container, ["run", "--bundle", container.bundle]);
    await terminal.shows("33 90\r\nready");
    terminal.resize(100, 40);
    await terminal.shows("40 100");
    terminal.type("word\r");
    await terminal.shows("got word");
    expect(await terminal.ended()).toBe(7);
  });

  test("is in raw mode: ^C is the container's to obey", async () => {
    const container = place.container({
      script: "trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.05; done",
      process: { terminal: true },
    });
    const terminal = session(container, ["run", "--bundle", container.bundle]);
    await terminal.shows("ready");
    terminal.type("\x03");
    await terminal.shows("interrupted");
    expect(await terminal.ended()).toBe(3);
  });

  test("is carried to an exec, and gets all that was written in the end", async () => {
    const container = place.container().launch();
    const script =
      "stty size; i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 5";
    const terminal = new TerminalSession(
      place.command(["exec", "-t", container.id, "sh", "-c", script]),
    );
    expect(await terminal.ended()).toBe(5);
    expect(terminal.output).toStartWith("33 90\r\n");
    expect(terminal.output.split("\r\n")).toHaveLength(2002);
    expect(terminal.output).toEndWith("line 1999\r\n");
  });

  test("need not be one: a pipe will do", () => {
    const container = place.container({ script: "tty; exit 2", process: { terminal: true } });
    const result = container.run();
    expect(result).toEqual({ code: 2, stdout: "/dev/pts/0\r\n", stderr: "" });
  });
});
