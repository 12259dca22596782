// What a service manager gives a runtime for its container: listening sockets (sd_listen_fds(3)) and a
// socket that the container tells its readiness to (sd_notify(3)).
//
// The notify socket of the host is not shown to the container, which could say anything with it. The
// container gets one of its own, bound by `start` or `run` in the folder STATE/notify, which is mounted
// on /run/notify; READY=1 is passed on, with the pid that the host knows.

import { AF_UNIX, MSG_DONTWAIT, MSG_NOSIGNAL, POLLIN, SOCK_DGRAM } from "../abi/process.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Spec } from "../oci/spec.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { OwnedFd, tryMkdirAt, tryUnlinkAt } from "../sys/file.ts";
import { bytes, cstring, decodeText, encodeText } from "../sys/memory.ts";
import { poll } from "../sys/poll.ts";
import { trySendDatagram, unixSocket } from "../sys/socket.ts";
import type { ContainerState, StateDirectory } from "./state-directory.ts";
import { openInit } from "./status.ts";

export interface ServiceManager {
  /** NOTIFY_SOCKET: a path, or an abstract name behind "@". */
  readonly notifySocket?: string;
  /** LISTEN_FDS: so many descriptors from 3 on are listening sockets. */
  readonly listenFds?: number;
  /** LISTEN_FDNAMES. */
  readonly listenFdNames?: string;
}

const NOTIFY_FOLDER = "notify";
const NOTIFY_NAME = "notify.sock";
const CONTAINER_FOLDER = "/run/notify";
const MESSAGE_LIMIT = 4096;

/** From the runtime's own environment; undefined where no service manager has a wish. */
export function readServiceManager(
  environment: Readonly<Record<string, string | undefined>>,
  ownPid: number,
): ServiceManager | undefined {
  const { NOTIFY_SOCKET, LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES } = environment;
  const listens = LISTEN_FDS !== undefined && LISTEN_PID === String(ownPid);
  if ((NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === "") && !listens) {
    return undefined;
  }
  return {
    ...(NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === "" ? {} : { notifySocket: NOTIFY_SOCKET }),
    ...(listens ? { listenFds: Number.parseInt(LISTEN_FDS, 10) || 0 } : {}),
    ...(listens && LISTEN_FDNAMES !== undefined ? { listenFdNames: LISTEN_FDNAMES } : {}),
  };
}

/** The configuration with the variables and the mount that the container's process looks for. */
export function withServiceManager(spec: Spec, manager: ServiceManager, statePath: string): Spec {
  const { notifySocket, listenFds = 0, listenFdNames } = manager;
  if (spec.process === undefined) {
    return spec;
  }
  const variables = [
    ...(listenFds > 0 ? [`LISTEN_FDS=${listenFds}`, "LISTEN_PID=1"] : []),
    ...(listenFds > 0 && listenFdNames !== undefined ? [`LISTEN_FDNAMES=${listenFdNames}`] : []),
    ...(notifySocket === undefined ? [] : [`NOTIFY_SOCKET=${CONTAINER_FOLDER}/${NOTIFY_NAME}`]),
  ];
  const mount = {
    destination: CONTAINER_FOLDER,
    type: "bind",
    source: `${statePath}/${NOTIFY_FOLDER}`,
    options: ["bind", "nosuid", "noexec", "nodev", "ro", "rprivate"],
  };
  return {
    ...spec,
    process: { ...spec.process, env: [...(spec.process.env ?? []), ...variables] },
    mounts: [...(spec.mounts ?? []), ...(notifySocket === undefined ? [] : [mount])],
  };
}

export function makeNotifyFolder(directory: StateDirectory): void {
  checked(tryMkdirAt(directory.fd, NOTIFY_FOLDER, 0o755), "make", "the folder of a notify socket");
}

/** Where the container tells that it is ready. */
export class NotifySocket implements Disposable {
  readonly #host: string;
  readonly #socket: OwnedFd;

  private constructor(host: string, socket: OwnedFd) {
    this.#host = host;
    this.#socket = socket;
  }

  /** Before the container's process runs. Undefined for a container that was created without one. */
  static bind(directory: StateDirectory, host: string): NotifySocket | undefined {
    const path = `/proc/self/fd/${directory.fd}/${NOTIFY_FOLDER}/${NOTIFY_NAME}`;
    tryUnlinkAt(directory.fd, `${NOTIFY_FOLDER}/${NOTIFY_NAME}`);
    using socket = new OwnedFd(unixSocket(SOCK_DGRAM));
    const encoded = encodeText(path);
    const address = bytes(2 + encoded.length + 1);
    address[0] = AF_UNIX;
    address.set(encoded, 2);
    if (call("bind", socket.number, addressOf(address), address.length) < 0) {
      return undefined;
    }
    checked(call("fchmodat", -100, cstring(path), 0o777), "open", quote(path));
    return new NotifySocket(host, new OwnedFd(socket.release()));
  }

  get fd(): number {
    return this.#socket.number;
  }

  /** Passes on what came; true once the container is ready. */
  forward(pid: number): boolean {
    const buffer = bytes(MESSAGE_LIMIT);
    const args = [this.fd, addressOf(buffer), buffer.length, MSG_DONTWAIT] as const;
    const length = call("recvfrom", ...args);
    const lines = length <= 0 ? [] : decodeText(buffer.subarray(0, length)).split("\n");
    if (!lines.includes("READY=1")) {
      return false;
    }
    trySendDatagram(this.#host, encodeText(`MAINPID=${pid}\nREADY=1`), MSG_NOSIGNAL);
    return true;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** Until the container is ready, or has ended. */
export function awaitReadiness(state: ContainerState, notify: NotifySocket): void {
  using init = openInit(state);
  if (init === undefined) {
    return;
  }
  for (;;) {
    const [ready = 0, ended = 0] = poll([
      { fd: notify.fd, events: POLLIN },
      { fd: init.number, events: POLLIN },
    ]);
    if ((ready !== 0 && notify.forward(state.pid)) || ended !== 0) {
      return;
    }
  }
}
