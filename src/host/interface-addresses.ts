// The permanent, global addresses of network interfaces, by a dump of the kernel's routing socket.
// Others (link-local, leased) belong to the network that the interface leaves.
//
// Each message of a dump: nlmsghdr (length u32, type u16, flags u16, sequence u32, port u32),
// ifaddrmsg (family u8, prefix length u8, flags u8, scope u8, index u32), attributes (length u16, type
// u16, value, padded to 4).

import { AF_NETLINK, SOCK_CLOEXEC, SOCK_RAW } from "../abi/process.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { InterfaceAddress } from "../plan/host-facts.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { OwnedFd } from "../sys/file.ts";
import { bytes } from "../sys/memory.ts";

const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST_DUMP = 0x301;
const MESSAGE_HEADER = 16;
const ADDRESS_HEADER = 24;
const IFA_F_PERMANENT = 0x80;
const RT_SCOPE_UNIVERSE = 0;
/** IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST: what makes the address again. */
const KEPT_ATTRIBUTES: ReadonlySet<number> = new Set([1, 2, 4]);
const ANSWER_BYTES = 32_768;
const SUBJECT = "the addresses of network interfaces";

/** By the interface's index. */
export function readInterfaceAddresses(): ReadonlyMap<number, readonly InterfaceAddress[]> {
  const args = [AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0] as const;
  using socket = new OwnedFd(checked(call("socket", ...args), "read", SUBJECT));
  const request = bytes(ADDRESS_HEADER);
  const view = new DataView(request.buffer);
  view.setUint32(0, request.length, true);
  view.setUint16(4, RTM_GETADDR, true);
  view.setUint16(6, NLM_F_REQUEST_DUMP, true);
  const sending = [socket.number, addressOf(request), request.length, 0] as const;
  checked(call("sendto", ...sending), "read", SUBJECT);
  const found = new Map<number, InterfaceAddress[]>();
  const answer = bytes(ANSWER_BYTES);
  for (;;) {
    const receiving = [socket.number, addressOf(answer), answer.length, 0] as const;
    const length = checked(call("recvfrom", ...receiving), "read", SUBJECT);
    if (readMessages(new DataView(answer.buffer, 0, length), found)) {
      return found;
    }
  }
}

/** Returns whether the dump has ended. */
function readMessages(answer: DataView, found: Map<number, InterfaceAddress[]>): boolean {
  let position = 0;
  while (position + MESSAGE_HEADER <= answer.byteLength) {
    const length = answer.getUint32(position, true);
    const type = answer.getUint16(position + 4, true);
    if (type === NLMSG_DONE) {
      return true;
    }
    if (type === NLMSG_ERROR || length < MESSAGE_HEADER) {
      throw new OcicatError("system", { operation: "read", subject: SUBJECT, reason: "refused" });
    }
    if (type === RTM_NEWADDR) {
      readAddress(new DataView(answer.buffer, position, length), found);
    }
    position += Math.ceil(length / 4) * 4;
  }
  return answer.byteLength === 0;
}

function readAddress(message: DataView, found: Map<number, InterfaceAddress[]>): void {
  const isPermanent = (message.getUint8(18) & IFA_F_PERMANENT) !== 0;
  const isGlobal = message.getUint8(19) === RT_SCOPE_UNIVERSE;
  if (!isPermanent || !isGlobal) {
    return;
  }
  const index = message.getUint32(20, true);
  const address = {
    family: message.getUint8(16),
    prefixLength: message.getUint8(17),
    attributes: readAttributes(message),
  };
  found.set(index, [...(found.get(index) ?? []), address]);
}

function readAttributes(message: DataView): InterfaceAddress["attributes"] {
  const attributes: { type: number; value: Uint8Array }[] = [];
  let position = ADDRESS_HEADER;
  while (position + 4 <= message.byteLength) {
    const length = message.getUint16(position, true);
    const type = message.getUint16(position + 2, true);
    if (length < 4) {
      return attributes;
    }
    if (KEPT_ATTRIBUTES.has(type)) {
      const start = message.byteOffset + position + 4;
      attributes.push({ type, value: new Uint8Array(message.buffer, start, length - 4).slice() });
    }
    position += Math.ceil(length / 4) * 4;
  }
  return attributes;
}
