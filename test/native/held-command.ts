// A command under the holder, and clients of it: what the holder's tests look through.

import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { O_NONBLOCK, O_RDWR } from "../../src/abi/file.ts";
import { POLLIN, SOCK_STREAM } from "../../src/abi/process.ts";
import type { HolderFrame, OutputStream } from "../../src/holder/attach-protocol.ts";
import { HolderConnection } from "../../src/holder/holder-connection.ts";
import { close, OwnedFd, open } from "../../src/sys/file.ts";
import { poll } from "../../src/sys/poll.ts";
import { connectUnix, listenUnixAt, socketPair } from "../../src/sys/socket.ts";
import { type Target, TestFolder } from "./compiler.ts";

const DEADLINE_MS = 60_000;
const SOCKET_NAME = "attach.sock";

/** A client that collects what the holder says. It only reads when it is told to wait. */
export class TestClient {
  readonly connection: HolderConnection;
  readonly hash: Readonly<Record<OutputStream, Bun.CryptoHasher>> = {
    1: new Bun.CryptoHasher("sha256"),
    2: new Bun.CryptoHasher("sha256"),
  };
  readonly bytes: Record<OutputStream, number> = { 1: 0, 2: 0 };
  readonly text: Record<OutputStream, string> = { 1: "", 2: "" };
  hello: Extract<HolderFrame, { type: "hello" }> | undefined;
  exit: Extract<HolderFrame, { type: "exit" }> | undefined;
  /** The holder has left the end to this client. */
  isToSettle = false;
  /** The errno of the last answer to reopen-log. */
  logReopened: number | undefined;

  #isClosed = false;

  constructor(socketFd: number) {
    this.connection = new HolderConnection(socketFd);
  }

  /** Reads until `isEnough`, or the holder has gone; the latter is an error unless it is expected. */
  readUntil(isEnough: () => boolean): void {
    const deadline = performance.now() + DEADLINE_MS;
    while (!isEnough()) {
      if (this.connection.isOver) {
        throw new Error(`the holder has gone: ${JSON.stringify(this.text)}`);
      }
      this.#readOnce(deadline);
    }
  }

  readUntilExit(): void {
    this.readUntil(() => this.exit !== undefined);
  }

  readUntilGone(): void {
    const deadline = performance.now() + DEADLINE_MS;
    while (!this.connection.isOver) {
      this.#readOnce(deadline);
    }
  }

  close(): void {
    if (!this.#isClosed) {
      this.#isClosed = true;
      close(this.connection.fd);
    }
  }

  #readOnce(deadline: number): void {
    const events = POLLIN | this.connection.eventsToSend();
    const left = deadline - performance.now();
    if (left <= 0 || poll([{ fd: this.connection.fd, events }], left)[0] === 0) {
      throw new Error(`nothing more came: ${JSON.stringify(this.text)}`);
    }
    this.connection.flush();
    this.connection.receive();
    for (let frame = this.connection.next(); frame; frame = this.connection.next()) {
      this.#take(frame);
    }
  }

  #take(frame: HolderFrame): void {
    switch (frame.type) {
      case "hello":
        this.hello = frame;
        return;
      case "exit":
        this.exit = frame;
        return;
      case "log-reopened":
        this.logReopened = frame.errno;
        return;
      case "settle":
        this.isToSettle = true;
        return;
      case "output":
        this.hash[frame.stream].update(frame.content);
        this.bytes[frame.stream] += frame.content.length;
        if (this.text[frame.stream].length < 100_000) {
          this.text[frame.stream] += new TextDecoder().decode(frame.content);
        }
        return;
    }
  }
}

export interface HeldOptions {
  readonly target: Target;
  readonly driver: string;
  readonly command: readonly string[];
  readonly hasTerminal?: boolean;
  readonly hasPrimary?: boolean;
  /** Further letters for the driver. */
  readonly options?: string;
}

/**
 * Its folder is $FOLDER to the command and has a FIFO, `fifo`, by which a test tells it when to go on.
 * Disposing kills the holder, should it still be there, and removes the folder; a command that waits at the
 * FIFO goes on, and finds nobody any more.
 */
export class HeldCommand implements Disposable {
  readonly folder = new TestFolder();
  readonly directoryFd = open(this.folder.path, 0);
  readonly process: Bun.Subprocess;
  readonly primary: TestClient;
  readonly #clients: TestClient[] = [];

  constructor(options: HeldOptions) {
    const { target, driver, command, hasTerminal = false, hasPrimary = true } = options;
    Bun.spawnSync(["mkfifo", this.file("fifo")]);
    const listenerFd = listenUnixAt(this.directoryFd, SOCKET_NAME, SOCK_STREAM);
    const [ours, theirs] = socketPair(SOCK_STREAM);
    const letters = `${options.options ?? "-"}${hasTerminal ? "t" : ""}${hasPrimary ? "p" : ""}`;
    this.process = Bun.spawn([...target.runner, driver, this.folder.path, letters, ...command], {
      stdio: ["ignore", "inherit", "inherit", theirs, listenerFd],
      env: { ...process.env, LC_ALL: "C", FOLDER: this.folder.path },
    });
    close(theirs);
    close(listenerFd);
    this.primary = new TestClient(ours);
    this.#clients.push(this.primary);
  }

  /** A further client, by the attach socket. */
  connect(): TestClient {
    const path = `/proc/self/fd/${this.directoryFd}/${SOCKET_NAME}`;
    const client = new TestClient(connectUnix(path, SOCK_STREAM));
    this.#clients.push(client);
    return client;
  }

  /** A path that the command knows as $FOLDER/name. */
  file(name: string): string {
    return join(this.folder.path, name);
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients) {
      client.close();
    }
    this.process.kill("SIGKILL");
    this.#endWaiting();
    close(this.directoryFd);
    this.folder.remove();
  }

  /** Opening it lets those in who wait for a writer, and closing it is the end of their input. */
  #endWaiting(): void {
    using _fifo = new OwnedFd(open(this.file("fifo"), O_RDWR | O_NONBLOCK));
    unlinkSync(this.file("fifo"));
  }
}
