// Unix sockets: pairs, listeners, and messages that carry descriptors.

import { AT_FDCWD, O_PATH } from "../abi/file.ts";
import { AF_UNIX, MSG_CMSG_CLOEXEC, SCM_RIGHTS, SOCK_CLOEXEC, SOCK_DGRAM } from "../abi/process.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { OwnedFd, tryOpenAt } from "./file.ts";
import { bytes, encodeText, setU64, words } from "./memory.ts";

const LONGEST_SOCKET_PATH = 107;

/** Two connected sockets of `type` (SOCK_STREAM, SOCK_SEQPACKET), close-on-exec. */
export function socketPair(type: number): [number, number] {
  const pair = words(2);
  const args = [AF_UNIX, type | SOCK_CLOEXEC, 0, addressOf(pair)] as const;
  checked(call("socketpair", ...args), "make", "a socket pair");
  return [pair[0] ?? -1, pair[1] ?? -1];
}

export function unixSocket(type: number): number {
  return checked(call("socket", AF_UNIX, type | SOCK_CLOEXEC, 0), "make", "a Unix socket");
}

/** struct sockaddr_un for a path of at most 107 bytes; a directory's descriptor shortens longer ones. */
function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const encoded = encodeText(path);
  if (encoded.length > LONGEST_SOCKET_PATH) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the socket ${quote(path)}`,
      reason: `its path is longer than ${LONGEST_SOCKET_PATH} bytes`,
    });
  }
  const address = bytes(2 + encoded.length + 1);
  address[0] = AF_UNIX;
  address.set(encoded, 2);
  return address;
}

/** 0 or -errno. */
function tryConnectUnix(socketFd: number, path: string): number {
  const address = unixAddress(path);
  return call("connect", socketFd, addressOf(address), address.length);
}

/** Connects a new stream socket to `path`, however long it is. */
export function connectUnix(path: string, type: number): number {
  const socketFd = unixSocket(type);
  const result = tryConnectThroughFolder(socketFd, path);
  if (result < 0) {
    call("close", socketFd);
    checked(result, "connect to", quote(path));
  }
  return socketFd;
}

function tryConnectThroughFolder(socketFd: number, path: string): number {
  if (encodeText(path).length <= LONGEST_SOCKET_PATH) {
    return tryConnectUnix(socketFd, path);
  }
  const nameStart = path.lastIndexOf("/") + 1;
  const opened = tryOpenAt(AT_FDCWD, path.slice(0, nameStart) || ".", O_PATH);
  if (opened < 0) {
    return opened;
  }
  using folder = new OwnedFd(opened);
  return tryConnectUnix(socketFd, `/proc/self/fd/${folder.number}/${path.slice(nameStart)}`);
}

/** A listening socket at `path`, relative to `directoryFd` so that its length does not matter. */
export function listenUnixAt(directoryFd: number, name: string, type: number): number {
  const socketFd = unixSocket(type);
  const address = unixAddress(`/proc/self/fd/${directoryFd}/${name}`);
  checked(call("bind", socketFd, addressOf(address), address.length), "bind", quote(name));
  checked(call("listen", socketFd, 128), "listen on", quote(name));
  return socketFd;
}

const CMSG_HEADER_BYTES = 16;
const MOST_DESCRIPTORS = 16;

/**
 * struct msghdr, by 32-bit words: name 0, name length 2, iov 4, iov count 6, control 8, control
 * length 10, flags 12. One message carries at most 16 descriptors here.
 */
function messageHeader(payload: Uint8Array, control: Uint32Array, controlBytes: number) {
  const vector = words(4);
  setU64(vector, 0, addressOf(payload));
  setU64(vector, 2, payload.length);
  const header = words(14);
  setU64(header, 4, addressOf(vector));
  setU64(header, 6, 1);
  setU64(header, 8, addressOf(control));
  setU64(header, 10, controlBytes);
  return { header, vector };
}

export interface ReceivedMessage {
  readonly payload: Uint8Array;
  /** Close-on-exec; the receiver owns them. */
  readonly descriptors: readonly number[];
}

/** Receives one message of at most `limit` bytes; an empty payload is the end of the stream. */
export function receiveMessage(socketFd: number, limit: number): ReceivedMessage {
  const buffer = bytes(limit);
  const control = words((CMSG_HEADER_BYTES + MOST_DESCRIPTORS * 4) / 4);
  const { header } = messageHeader(buffer, control, control.byteLength);
  const result = call("recvmsg", socketFd, addressOf(header), MSG_CMSG_CLOEXEC);
  const length = checked(result, "receive", "a message from a socket");
  const controlLength = header[10] ?? 0;
  const carries = controlLength > CMSG_HEADER_BYTES && control[3] === SCM_RIGHTS;
  const count = carries ? ((control[0] ?? 0) - CMSG_HEADER_BYTES) / 4 : 0;
  const descriptors = Array.from({ length: count }, (_, index) => control[4 + index] ?? -1);
  return { payload: buffer.subarray(0, length), descriptors };
}

/** One datagram to a path, or to an abstract name behind "@". 0 or -errno. */
export function trySendDatagram(path: string, payload: Uint8Array, flags: number): number {
  using socket = new OwnedFd(unixSocket(SOCK_DGRAM));
  const isAbstract = path.startsWith("@");
  const address = unixAddress(isAbstract ? `\0${path.slice(1)}` : path);
  const length = isAbstract ? address.length - 1 : address.length;
  const connected = call("connect", socket.number, addressOf(address), length);
  if (connected < 0) {
    return connected;
  }
  return call("sendto", socket.number, addressOf(payload), payload.length, flags);
}
