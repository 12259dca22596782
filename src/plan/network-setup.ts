// Network interfaces inside the container.

import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM } from "../abi/process.ts";
import { quote } from "../error/ocicat-error.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";

const SIOCGIFNAME = 0x8910;
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

/** The index takes the place of the flags, until the kernel has put the name beside it. */
export function bringUpInterfaceByIndex(
  program: ProgramBuilder,
  pattern: string,
  index: number,
): void {
  const describes = () => `bring up the network interface ${quote(pattern)}`;
  const type = named(SOCK_DGRAM | SOCK_CLOEXEC, "DGRAM|CLOEXEC");
  const socket = program.call("socket", [named(AF_UNIX, "UNIX"), type, 0], {
    result: "socket",
    describes,
  });
  const content = new Uint32Array(IFREQ_BYTES / 4);
  content[IFR_FLAGS / 4] = index;
  const request = program.structure(content, `{index 0x${index.toString(16)}}`);
  program.call("ioctl", [socket, named(SIOCGIFNAME, "SIOCGIFNAME"), request], { describes });
  program.control("store", [named(IFF_UP, "UP"), offsetOf(request, IFR_FLAGS), 4]);
  program.call("ioctl", [socket, named(SIOCSIFFLAGS, "SIOCSIFFLAGS"), request], { describes });
  program.close(socket);
}
