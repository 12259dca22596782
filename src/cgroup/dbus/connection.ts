// A connection to a D-Bus daemon, or to a program that speaks D-Bus without one (systemd's private
// socket). It stands still while it waits, at most TIMEOUT_MS for each answer.
//
// Before the messages there is a dialogue of lines (D-Bus Specification, "Authentication Protocol"):
//
//   client: NUL, then AUTH EXTERNAL <decimal uid, in hexadecimal>
//   server: OK <guid>                    or REJECTED: in a user namespace our uid is not what the server
//   client: NEGOTIATE_UNIX_FD, BEGIN     sees; then AUTH EXTERNAL alone, DATA, DATA takes the socket's
//   server: AGREE_UNIX_FD or ERROR       own proof
//
// systemd (252) overlooks a message that it reads together with BEGIN, until another one comes. So
// nothing follows BEGIN before the answer to the line that was sent with it, descriptors or not.

import { POLLIN, SOCK_STREAM } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { call, checked } from "../../sys/call.ts";
import { OwnedFd, tryRead, writeAll } from "../../sys/file.ts";
import { bytes, decodeText, encodeText } from "../../sys/memory.ts";
import { poll } from "../../sys/poll.ts";
import { connectUnix } from "../../sys/socket.ts";
import {
  decodeMessage,
  encodeMessage,
  MESSAGE_PREFIX_BYTES,
  type Message,
  messageLength,
} from "./message.ts";
import type { DBusValue } from "./values.ts";

const TIMEOUT_MS = 30_000;
const LONGEST_LINE = 1024;
const MOST_SIGNALS_KEPT = 4096;
const READ_BYTES = 16 * 1024;

export interface MethodCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly DBusValue[];
}

export class BusConnection implements Disposable {
  readonly #socket: OwnedFd;
  readonly #name: string;
  readonly #buffer = bytes(READ_BYTES);
  #received = new Uint8Array(0);
  #serial = 0;
  #signals: Message[] = [];

  /** Takes the connected socket over; `name` is for errors. */
  constructor(socketFd: number, name: string) {
    this.#socket = new OwnedFd(socketFd);
    this.#name = name;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  authenticate(): void {
    const uid = call("geteuid");
    const hexUid = encodeText(String(uid)).toHex();
    this.#send(encodeText(`\0AUTH EXTERNAL ${hexUid}\r\n`));
    let answer = this.#readLine();
    if (answer.startsWith("REJECTED")) {
      this.#send(encodeText("AUTH EXTERNAL\r\n"));
      answer = this.#readLine();
      if (answer.startsWith("DATA")) {
        this.#send(encodeText("DATA\r\n"));
        answer = this.#readLine();
      }
    }
    if (!answer.startsWith("OK ")) {
      throw this.#failure(`it refused the user ${uid}: ${quote(answer)}`, "permission-denied");
    }
    this.#send(encodeText("NEGOTIATE_UNIX_FD\r\nBEGIN\r\n"));
    this.#readLine();
  }

  /** The answer, of the type "return" or "error". */
  request(method: MethodCall): Message {
    this.#serial += 1;
    const serial = this.#serial;
    const body = method.body ?? [];
    this.#send(encodeMessage({ type: "call", serial, ...method, body }));
    return this.#receiveUntil((message) => message.replySerial === serial);
  }

  /** The first signal that `isWanted`, among those that came before and those to come. */
  waitForSignal(isWanted: (signal: Message) => boolean): Message {
    const index = this.#signals.findIndex(isWanted);
    const [known] = index < 0 ? [] : this.#signals.splice(index, 1);
    return known ?? this.#receiveUntil((message) => message.type === "signal" && isWanted(message));
  }

  #receiveUntil(isWanted: (message: Message) => boolean): Message {
    const deadline = performance.now() + TIMEOUT_MS;
    for (;;) {
      const message = this.#receive(deadline);
      if (isWanted(message)) {
        return message;
      }
      if (message.type === "signal") {
        this.#signals.push(message);
        this.#signals = this.#signals.slice(-MOST_SIGNALS_KEPT);
      }
    }
  }

  #receive(deadline: number): Message {
    while (this.#received.length < MESSAGE_PREFIX_BYTES) {
      this.#readMore(deadline);
    }
    const length = messageLength(this.#received);
    while (this.#received.length < length) {
      this.#readMore(deadline);
    }
    return decodeMessage(this.#takeReceived(length));
  }

  #takeReceived(count: number): Uint8Array {
    const taken = this.#received.slice(0, count);
    this.#received = this.#received.slice(count);
    return taken;
  }

  #readMore(deadline: number): void {
    const remaining = deadline - performance.now();
    const [events = 0] =
      remaining > 0 ? poll([{ fd: this.#socket.number, events: POLLIN }], remaining) : [];
    if (events === 0) {
      throw this.#failure(`no answer within ${TIMEOUT_MS / 1000} seconds`, "timeout");
    }
    const result = tryRead(this.#socket.number, this.#buffer);
    const count = checked(result, "read from", this.#name);
    if (count === 0) {
      throw this.#failure("it closed the connection", "unavailable");
    }
    const joined = new Uint8Array(this.#received.length + count);
    joined.set(this.#received);
    joined.set(this.#buffer.subarray(0, count), this.#received.length);
    this.#received = joined;
  }

  #readLine(): string {
    const deadline = performance.now() + TIMEOUT_MS;
    for (;;) {
      const end = this.#received.indexOf(0x0a);
      if (end >= 0) {
        return decodeText(this.#takeReceived(end + 1)).trimEnd();
      }
      if (this.#received.length > LONGEST_LINE) {
        throw this.#failure("it does not speak D-Bus", "unavailable");
      }
      this.#readMore(deadline);
    }
  }

  #send(content: Uint8Array): void {
    writeAll(this.#socket.number, content, this.#name);
  }

  #failure(reason: string, code: "unavailable" | "timeout" | "permission-denied"): OcicatError {
    return new OcicatError(code, { operation: "talk to", subject: this.#name, reason });
  }
}

/** Connects to the socket at `path` and authenticates. */
export function connectToBus(path: string): BusConnection {
  const connection = new BusConnection(connectUnix(path, SOCK_STREAM), quote(path));
  try {
    connection.authenticate();
    return connection;
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}
