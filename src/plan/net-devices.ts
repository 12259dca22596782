// linux.netDevices: interfaces of the runtime's network namespace that the container gets. The stage
// moves them, to where init's network namespace is or is going to be; init brings them up.
//
// A new name may be a pattern ("eth%d"), which the kernel completes: such an interface gets an index
// that is ours to choose, and init asks for its name by that.
//
// A netlink message RTM_NEWLINK: nlmsghdr (length, type, flags, sequence, port), ifinfomsg (family,
// type, index, flags, change), attributes (length u16, type u16, value, padded to 4).

import { O_CLOEXEC } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { flags, offsetOf } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import { restoreAddresses } from "./interface-addresses.ts";
import { requestRoute } from "./netlink.ts";
import { bringUpInterface, bringUpInterfaceByIndex } from "./network-setup.ts";

const RTM_NEWLINK = 16;
const NLM_F_REQUEST_ACK = 5;
const IFLA_IFNAME = 3;
const IFLA_NET_NS_PID = 19;
const IFLA_NET_NS_FD = 28;
const IFLA_NEW_IFINDEX = 49;
const HEADER_BYTES = 32;
const INTEGER_ATTRIBUTE_BYTES = 8;
/** Far above the indices that kernels hand out; should it be taken, the kernel refuses it. */
const FIRST_CHOSEN_INDEX = 0x4000_0000;

interface Move {
  readonly name: string;
  readonly newName: string;
  /** Its index in the runtime's network namespace. */
  readonly index: number;
  /** Its index in the container, where that has to be known. */
  readonly chosenIndex: number | undefined;
}

function plannedMoves({ request }: PlanContext): Move[] {
  const { spec, facts } = request;
  return Object.entries(spec.linux?.netDevices ?? {}).map(
    ([name, { name: newName }], position) => ({
      name,
      newName: newName ?? name,
      index: facts.interfaces.get(name) ?? 0,
      chosenIndex: newName?.includes("%") === true ? FIRST_CHOSEN_INDEX + position : undefined,
    }),
  );
}

/** In the stage: each interface goes, with its new name, to the container's network namespace. */
export function moveNetDevices(context: PlanContext, init: Register): void {
  const moves = plannedMoves(context);
  const [first] = moves;
  if (first === undefined) {
    return;
  }
  const { program } = context;
  const { path } = checkedNamespace(context, first.name);
  program.because("linux.netDevices");
  const target =
    path === undefined
      ? { attribute: IFLA_NET_NS_PID, value: init }
      : { attribute: IFLA_NET_NS_FD, value: openNamespace(context, path) };
  for (const move of moves) {
    program.because(`linux.netDevices.${move.name}`);
    moveInterface(context, move, target);
  }
  if (path !== undefined) {
    program.close(target.value);
  }
}

/** Interfaces belong to the host's user namespace: only its privileges can move them. */
function checkedNamespace({ request }: PlanContext, name: string) {
  const namespaces = request.spec.linux?.namespaces ?? [];
  const namespace = namespaces.find(({ type }) => type === "network");
  if (namespace === undefined || !request.facts.privileged) {
    const isMissing = namespace === undefined;
    throw new OcicatError(isMissing ? "invalid-config" : "unsupported", {
      operation: "move",
      subject: `linux.netDevices.${name}`,
      reason: isMissing ? "needs a network namespace" : "network devices move for root alone",
    });
  }
  return namespace;
}

function openNamespace({ program }: PlanContext, path: string): Register {
  const openFlags = flags(O_CLOEXEC, OPEN_NAMES);
  return program.call("openat", [CURRENT_DIRECTORY, program.text(path), openFlags], {
    result: "networkNs",
    describes: () => `open the network namespace ${quote(path)}`,
  });
}

interface NamespaceAttribute {
  readonly attribute: number;
  readonly value: Register;
}

function moveInterface(
  { program }: PlanContext,
  { name, newName, index, chosenIndex }: Move,
  target: NamespaceAttribute,
): void {
  const describes = () =>
    `move the network interface ${quote(name)} into the container as ${quote(newName)}`;
  const nameBytes = new TextEncoder().encode(`${newName}\0`);
  const nameLength = 4 + nameBytes.length;
  const namespaceAt = HEADER_BYTES + Math.ceil(nameLength / 4) * 4;
  const indexAt = namespaceAt + INTEGER_ATTRIBUTE_BYTES;
  const size = chosenIndex === undefined ? indexAt : indexAt + INTEGER_ATTRIBUTE_BYTES;
  const content = new Uint8Array(size);
  const view = new DataView(content.buffer);
  view.setUint32(0, size, true);
  view.setUint16(4, RTM_NEWLINK, true);
  view.setUint16(6, NLM_F_REQUEST_ACK, true);
  view.setInt32(20, index, true);
  view.setUint16(HEADER_BYTES, nameLength, true);
  view.setUint16(HEADER_BYTES + 2, IFLA_IFNAME, true);
  content.set(nameBytes, HEADER_BYTES + 4);
  view.setUint16(namespaceAt, INTEGER_ATTRIBUTE_BYTES, true);
  view.setUint16(namespaceAt + 2, target.attribute, true);
  if (chosenIndex !== undefined) {
    view.setUint16(indexAt, INTEGER_ATTRIBUTE_BYTES, true);
    view.setUint16(indexAt + 2, IFLA_NEW_IFINDEX, true);
    view.setUint32(indexAt + 4, chosenIndex, true);
  }
  const chosen = chosenIndex === undefined ? "" : `, index 0x${chosenIndex.toString(16)}`;
  const message = program.structure(content, `{NEWLINK ${index}, ${quote(newName)}${chosen}}`);
  program.control("store", [target.value, offsetOf(message, namespaceAt + 4), 4]);
  requestRoute(program, message, size, describes);
}

/** In init: the interfaces that have arrived. */
export function bringUpNetDevices(context: PlanContext): void {
  const { program, request } = context;
  for (const { name, newName, chosenIndex } of plannedMoves(context)) {
    program.because(`linux.netDevices.${name}`);
    const addresses = request.facts.interfaceAddresses?.get(name) ?? [];
    restoreAddresses(program, chosenIndex ?? newName, addresses);
    if (chosenIndex === undefined) {
      bringUpInterface(program, newName);
    } else {
      bringUpInterfaceByIndex(program, newName, chosenIndex);
    }
  }
}
