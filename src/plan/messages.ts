// Connected sockets, and messages with descriptors, built in the program's data: struct msghdr and
// what it points to.

import {
  AF_UNIX,
  MSG_NOSIGNAL,
  SCM_RIGHTS,
  SOCK_CLOEXEC,
  SOCK_SEQPACKET,
  SOL_SOCKET,
} from "../abi/process.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Argument, DataReference, Register, Words } from "../program/program.ts";

/** Byte offsets: struct cmsghdr's data; iov_len in struct iovec. */
const CMSG_DATA = 16;
const IOV_LENGTH = 8;
const CONTROL_BYTES = 24;
const CMSG_LENGTH = CMSG_DATA + 4;

interface Message {
  readonly header: DataReference;
  readonly vector: DataReference;
  readonly control: DataReference;
}

/** Two connected sockets, by the names of their registers. */
export function openSocketPair(
  program: ProgramBuilder,
  one: string,
  other: string,
): [one: Register, other: Register] {
  const pair = program.space(8, "sockets");
  const type = named(SOCK_SEQPACKET | SOCK_CLOEXEC, "SEQPACKET|CLOEXEC");
  program.call("socketpair", [named(AF_UNIX, "UNIX"), type, 0, pair]);
  return [
    program.control("load", [offsetOf(pair), 4], { result: one }),
    program.control("load", [offsetOf(pair, 4), 4], { result: other }),
  ];
}

/**
 * msghdr, by 32-bit words: name 0, name length 2, iov 4, iov count 6, control 8, control length 10,
 * flags 12. The control part has room for one descriptor.
 */
function message(program: ProgramBuilder, payload: DataReference, length: number): Message {
  const vectorContent = new Uint32Array(4);
  vectorContent[2] = length;
  const vector = program.structure(vectorContent, "vector", new Map([[0, payload]]));
  const controlContent = new Uint32Array(CONTROL_BYTES / 4);
  controlContent[0] = CMSG_LENGTH;
  controlContent[2] = SOL_SOCKET;
  controlContent[3] = SCM_RIGHTS;
  const control = program.structure(controlContent, "control");
  const headerContent = new Uint32Array(14);
  headerContent[6] = 1;
  headerContent[10] = CONTROL_BYTES;
  const pointers = new Map([
    [4, vector],
    [8, control],
  ]);
  return { header: program.structure(headerContent, "message", pointers), vector, control };
}

export interface SentDescriptor {
  readonly socket: Argument;
  readonly fd: Register;
  readonly payload: DataReference;
  /** Bytes of the payload: a number, or a register that an earlier `receive` filled. */
  readonly length: number | Register;
  readonly describes: Words;
}

export function sendDescriptor(program: ProgramBuilder, sent: SentDescriptor): void {
  const { payload, length } = sent;
  const parts = message(program, payload, typeof length === "number" ? length : 0);
  if (typeof length !== "number") {
    program.control("store", [length, offsetOf(parts.vector, IOV_LENGTH), 8]);
  }
  program.control("store", [sent.fd, offsetOf(parts.control, CMSG_DATA), 4]);
  const args = [sent.socket, parts.header, named(MSG_NOSIGNAL, "NOSIGNAL")];
  program.call("sendmsg", args, { describes: sent.describes });
}

/** Receives one descriptor, close-on-exec. */
export function receiveDescriptor(
  program: ProgramBuilder,
  socket: Argument,
  name: string,
): Register {
  const MSG_CMSG_CLOEXEC = 0x4000_0000;
  const parts = message(program, program.space(8, "payload"), 8);
  program.call("recvmsg", [socket, parts.header, named(MSG_CMSG_CLOEXEC, "CMSG_CLOEXEC")], {
    describes: () => `receive the ${name}`,
  });
  return program.control("load", [offsetOf(parts.control, CMSG_DATA), 4], { result: name });
}
