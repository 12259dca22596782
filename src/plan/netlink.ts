// A request to the kernel's routing socket as operations of a program: sent, answered, judged.
//
// The answer is an nlmsgerr, whose error is the 32-bit word behind its header of 16 bytes. Operations
// cannot make an errno of it, so it is compared with those that tell the user something.

import { AF_NETLINK, SOCK_CLOEXEC, SOCK_RAW } from "../abi/process.ts";
import { Errno, errnoName } from "../error/errno.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { DataReference, Register, Words } from "../program/program.ts";

const NETLINK_ROUTE = 0;
const ANSWER_BYTES = 64;
const ANSWER_ERROR = 16;

/** Of 32. */
const ALL_BITS = named(0xffff_ffff, "ALL");

/** A name that is taken, an interface that is gone or may not move, and what else may come up. */
const TELLING_ERRORS = [
  Errno.EEXIST,
  Errno.EPERM,
  Errno.ENODEV,
  Errno.EINVAL,
  Errno.EOPNOTSUPP,
  Errno.EADDRNOTAVAIL,
  Errno.EBUSY,
] as const;

/** `message` begins with an nlmsghdr that asks for an acknowledgement. */
export function requestRoute(
  program: ProgramBuilder,
  message: DataReference,
  length: number,
  describes: Words,
): void {
  const type = named(SOCK_RAW | SOCK_CLOEXEC, "RAW|CLOEXEC");
  const args = [named(AF_NETLINK, "NETLINK"), type, named(NETLINK_ROUTE, "ROUTE")];
  const socket = program.call("socket", args, { result: "netlink", describes });
  program.call("sendto", [socket, message, length, 0, 0, 0], { describes });
  const answer = program.space(ANSWER_BYTES, "answer");
  program.call("recvfrom", [socket, answer, ANSWER_BYTES, 0, 0, 0], { describes });
  const error = program.control("load", [offsetOf(answer, ANSWER_ERROR), 4], { result: "error" });
  expectSuccess(program, error, describes);
  program.forget(error);
  program.close(socket);
}

/** `error`: -errno in 32 bits, or 0. */
function expectSuccess(program: ProgramBuilder, error: Register, describes: Words): void {
  const done = program.label();
  const refused = program.label();
  program.control("expect", [error, ALL_BITS, 0, Errno.EIO], {
    caught: { errnos: [Errno.EIO], target: refused },
  });
  program.jump(done);
  program.place(refused);
  for (const errno of TELLING_ERRORS) {
    const other = program.label();
    const refusal = named(-errno >>> 0, () => `-${errnoName(errno)}`);
    program.control("expect", [error, ALL_BITS, refusal, Errno.EIO], {
      caught: { errnos: [Errno.EIO], target: other },
    });
    program.control("expect", [0, 1, 1, errno], { describes });
    program.place(other);
  }
  program.control("expect", [0, 1, 1, Errno.EIO], { describes });
  program.place(done);
}
