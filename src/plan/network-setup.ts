// Network interfaces inside the container.

import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM } from "../abi/process.ts";
import { quote } from "../error/ocicat-error.ts";
import { named, type ProgramBuilder } from "../program/builder.ts";

const SIOCSIFFLAGS = 0x8914;
const IFF_UP = 1;
const IFREQ_BYTES = 40;
const IFR_FLAGS = 16;

/** A new network namespace has only this one, and it is down. */
export function bringUpLoopback(program: ProgramBuilder): void {
  program.because("linux.namespaces");
  bringUpInterface(program, "lo");
}

/** struct ifreq: name, 16 bytes, then flags u16. Any socket will do for the ioctl. */
export function bringUpInterface(program: ProgramBuilder, name: string): void {
  const describes = () => `bring up the network interface ${quote(name)}`;
  const type = named(SOCK_DGRAM | SOCK_CLOEXEC, "DGRAM|CLOEXEC");
  const socket = program.call("socket", [named(AF_UNIX, "UNIX"), type, 0], {
    result: "socket",
    describes,
  });
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(new TextEncoder().encode(name));
  request[IFR_FLAGS] = IFF_UP;
  const argument = program.structure(request, `{${quote(name)}, UP}`);
  program.call("ioctl", [socket, named(SIOCSIFFLAGS, "SIOCSIFFLAGS"), argument], { describes });
  program.close(socket);
}
