// The addresses of linux.netDevices: an interface loses them when it changes its network namespace,
// and the specification wants the permanent, global ones kept. Init gives them back.
//
// A netlink message RTM_NEWADDR: nlmsghdr (16 bytes), ifaddrmsg (family u8, prefix length u8, flags
// u8, scope u8, index u32), attributes (length u16, type u16, value, padded to 4).

import { AF_UNIX, SOCK_CLOEXEC, SOCK_DGRAM } from "../abi/process.ts";
import { quote } from "../error/ocicat-error.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register, Words } from "../program/program.ts";
import type { InterfaceAddress } from "./host-facts.ts";
import { requestRoute } from "./netlink.ts";

const RTM_NEWADDR = 20;
/** REQUEST, ACK, EXCL, CREATE. */
const NEW_ADDRESS_FLAGS = 0x605;
const HEADER_BYTES = 24;
const INDEX_OFFSET = 20;
const SIOCGIFINDEX = 0x8933;
const IFREQ_BYTES = 40;
const IFR_INDEX = 16;

/** `where` is the interface's name in the container, or its index there. */
export function restoreAddresses(
  program: ProgramBuilder,
  where: string | number,
  addresses: readonly InterfaceAddress[],
): void {
  if (addresses.length === 0) {
    return;
  }
  const describes = () => "give the network interface its addresses back";
  const index = typeof where === "number" ? where : findIndex(program, where, describes);
  for (const address of addresses) {
    const bytes = newAddressMessage(address);
    const message = program.structure(bytes, `{NEWADDR ${addressText(address)}}`);
    program.control("store", [index, offsetOf(message, INDEX_OFFSET), 4]);
    requestRoute(program, message, bytes.length, describes);
  }
  if (typeof index !== "number") {
    program.forget(index);
  }
}

/** The index may have changed on the way. */
function findIndex(program: ProgramBuilder, name: string, describes: Words): Register {
  const socket = program.call(
    "socket",
    [named(AF_UNIX, "UNIX"), named(SOCK_DGRAM | SOCK_CLOEXEC, "DGRAM|CLOEXEC"), 0],
    { result: "socket", describes },
  );
  const content = new Uint8Array(IFREQ_BYTES);
  content.set(new TextEncoder().encode(name));
  const request = program.structure(content, `{${quote(name)}}`);
  program.call("ioctl", [socket, named(SIOCGIFINDEX, "SIOCGIFINDEX"), request], { describes });
  program.close(socket);
  return program.control("load", [offsetOf(request, IFR_INDEX), 4], { result: "index" });
}

function newAddressMessage(address: InterfaceAddress): Uint8Array {
  const sizes = address.attributes.map(({ value }) => paddedSize(value));
  const content = new Uint8Array(HEADER_BYTES + sizes.reduce((sum, size) => sum + size, 0));
  const view = new DataView(content.buffer);
  view.setUint32(0, content.length, true);
  view.setUint16(4, RTM_NEWADDR, true);
  view.setUint16(6, NEW_ADDRESS_FLAGS, true);
  content[16] = address.family;
  content[17] = address.prefixLength;
  let position = HEADER_BYTES;
  for (const { type, value } of address.attributes) {
    view.setUint16(position, 4 + value.length, true);
    view.setUint16(position + 2, type, true);
    content.set(value, position + 4);
    position += paddedSize(value);
  }
  return content;
}

/** Of an attribute with this value. */
function paddedSize(value: Uint8Array): number {
  return 4 + Math.ceil(value.length / 4) * 4;
}

function addressText({ attributes, prefixLength }: InterfaceAddress): string {
  const [first] = attributes;
  const bytes = first?.value ?? new Uint8Array();
  const isIpv4 = bytes.length === 4;
  const parts = isIpv4 ? [...bytes].map(String) : [bytes.toHex()];
  return `${parts.join(".")}/${prefixLength}`;
}
