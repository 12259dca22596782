// The agent of a seccomp profile: takes a filter's descriptor with the state of the container, and answers
// calls in the container's place. seccomp_unotify(2).

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AT_FDCWD, O_PATH } from "../../src/abi/file.ts";
import { POLLIN, SOCK_STREAM } from "../../src/abi/process.ts";
import type { ContainerProcessState } from "../../src/oci/state.ts";
import { call, checked } from "../../src/sys/call.ts";
import { addressOf } from "../../src/sys/entry.ts";
import { OwnedFd, openAt } from "../../src/sys/file.ts";
import { decodeText, words } from "../../src/sys/memory.ts";
import { poll } from "../../src/sys/poll.ts";
import { listenUnixAt, receiveMessage } from "../../src/sys/socket.ts";

const SECCOMP_IOCTL_NOTIF_RECV = 0xc050_2100;
const SECCOMP_IOCTL_NOTIF_SEND = 0xc018_2101;
/** struct seccomp_notif: id u64, pid u32, flags u32, data of 64 bytes (nr i32 first). */
const NOTIFICATION_BYTES = 80;
/** struct seccomp_notif_resp: id u64, val i64, error i32, flags u32. */
const RESPONSE_BYTES = 24;
const TIMEOUT_MS = 60_000;

export class SeccompAgent implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "agent-"));
  readonly path = join(this.#folder, "agent.sock");
  readonly #listener: OwnedFd;

  constructor() {
    using folder = new OwnedFd(openAt(AT_FDCWD, this.#folder, O_PATH));
    this.#listener = new OwnedFd(listenUnixAt(folder.number, "agent.sock", SOCK_STREAM));
  }

  /** The next container, or process of exec, that has loaded its filter. */
  accept(): Supervised {
    awaitInput(this.#listener.number, "a connection");
    const accepted = call("accept4", this.#listener.number, 0, 0, 0o2000000);
    using connection = new OwnedFd(checked(accepted, "accept", "a connection"));
    awaitInput(connection.number, "a descriptor");
    const { payload, descriptors } = receiveMessage(connection.number, 65_536);
    const [fd, ...others] = descriptors;
    if (fd === undefined || others.length > 0) {
      throw new Error(`${descriptors.length} descriptors came`);
    }
    // The specification: one state for each connection, which is closed then.
    awaitInput(connection.number, "the end of the connection");
    const rest = receiveMessage(connection.number, 16).payload.length;
    if (rest > 0) {
      throw new Error(`${rest} bytes more came`);
    }
    return new Supervised(new OwnedFd(fd), JSON.parse(decodeText(payload)));
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

function awaitInput(fd: number, what: string): void {
  const [events = 0] = poll([{ fd, events: POLLIN }], TIMEOUT_MS);
  if (events === 0) {
    throw new Error(`${what} did not come`);
  }
}

export class Supervised implements Disposable {
  readonly state: ContainerProcessState;
  readonly #fd: OwnedFd;

  constructor(fd: OwnedFd, state: ContainerProcessState) {
    this.#fd = fd;
    this.state = state;
  }

  /** Lets the next call fail with `errno`; returns its number. */
  failNext(errno: number): number {
    awaitInput(this.#fd.number, "a call");
    const notification = words(NOTIFICATION_BYTES / 4);
    const received = [this.#fd.number, SECCOMP_IOCTL_NOTIF_RECV, addressOf(notification)] as const;
    checked(call("ioctl", ...received), "receive", "a notification");
    const response = words(RESPONSE_BYTES / 4);
    response[0] = notification[0] ?? 0;
    response[1] = notification[1] ?? 0;
    response[4] = -errno;
    const sent = [this.#fd.number, SECCOMP_IOCTL_NOTIF_SEND, addressOf(response)] as const;
    checked(call("ioctl", ...sent), "answer", "a notification");
    return notification[4] ?? 0;
  }

  [Symbol.dispose](): void {
    this.#fd[Symbol.dispose]();
  }
}
