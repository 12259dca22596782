// linux.netDevices: interfaces of the runtime's network namespace that the container gets. The stage
// moves them, init brings them up.
//
// A netlink message RTM_NEWLINK: nlmsghdr (length, type, flags, sequence, port), ifinfomsg (family,
// type, index, flags, change), attributes (length u16, type u16, value, padded to 4).

import { quote } from "../error/ocicat-error.ts";
import { offsetOf } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import type { PlanContext } from "./context.ts";
import { restoreAddresses } from "./interface-addresses.ts";
import { requestRoute } from "./netlink.ts";
import { bringUpInterface } from "./network-setup.ts";

const RTM_NEWLINK = 16;
const NLM_F_REQUEST_ACK = 5;
const IFLA_IFNAME = 3;
const IFLA_NET_NS_PID = 19;
const HEADER_BYTES = 32;

/** In the stage: each interface goes, with its new name, to the network namespace of `init`. */
export function moveNetDevices(context: PlanContext, init: Register): void {
  const { program, request } = context;
  for (const [name, { name: newName }] of Object.entries(request.spec.linux?.netDevices ?? {})) {
    program.because(`linux.netDevices.${name}`);
    moveInterface(context, { name, newName: newName ?? name, init });
  }
}

function moveInterface(
  { program, request }: PlanContext,
  move: { readonly name: string; readonly newName: string; readonly init: Register },
): void {
  const describes = () => `move the network interface ${quote(move.name)} into the container`;
  const index = request.facts.interfaces.get(move.name) ?? 0;
  const nameBytes = new TextEncoder().encode(`${move.newName}\0`);
  const nameLength = 4 + nameBytes.length;
  const pidAt = HEADER_BYTES + Math.ceil(nameLength / 4) * 4;
  const content = new Uint8Array(pidAt + 8);
  const view = new DataView(content.buffer);
  view.setUint32(0, content.length, true);
  view.setUint16(4, RTM_NEWLINK, true);
  view.setUint16(6, NLM_F_REQUEST_ACK, true);
  view.setInt32(20, index, true);
  view.setUint16(HEADER_BYTES, nameLength, true);
  view.setUint16(HEADER_BYTES + 2, IFLA_IFNAME, true);
  content.set(nameBytes, HEADER_BYTES + 4);
  view.setUint16(pidAt, 8, true);
  view.setUint16(pidAt + 2, IFLA_NET_NS_PID, true);
  const message = program.structure(content, `{NEWLINK ${index}, ${quote(move.newName)}}`);
  program.control("store", [move.init, offsetOf(message, pidAt + 4), 4]);
  requestRoute(program, message, content.length, describes);
}

/** In init: the interfaces that have arrived. */
export function bringUpNetDevices({ program, request }: PlanContext): void {
  const { spec, facts } = request;
  for (const [name, { name: newName }] of Object.entries(spec.linux?.netDevices ?? {})) {
    program.because(`linux.netDevices.${name}`);
    restoreAddresses(program, newName ?? name, facts.interfaceAddresses?.get(name) ?? []);
    bringUpInterface(program, newName ?? name);
  }
}
