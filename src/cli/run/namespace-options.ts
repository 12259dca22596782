// What the flags of `ocicat run` mean that choose namespaces, devices and kernel parameters.

import type { RunDevice, RunDeviceRule } from "../../engine/run-devices.ts";
import type { NamespaceMode, RunNamespaces, RunNetwork } from "../../engine/run-options.ts";
import { sysctlNamespace, sysctlPath } from "../../oci/sysctl.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { NAMESPACE_FLAGS } from "./namespace-flags.ts";
import { parsePairs } from "./values.ts";

/** Those that `pod create` has, too. */
type NamespaceFlags = FlagsOf<Omit<typeof NAMESPACE_FLAGS, "device" | "device-cgroup-rule">>;

export function parseNetwork(text: string): RunNetwork {
  if (text === "none" || text === "private") {
    return "none";
  }
  const mode = tryMode(text);
  if (mode === undefined || mode === "private") {
    throw badValue(
      "network",
      text,
      "it is neither none, host, container:NAME nor ns:PATH",
      "named networks are not there yet",
    );
  }
  return mode;
}

/** Undefined: it is no mode. */
function tryMode(text: string): NamespaceMode | undefined {
  if (text === "private" || text === "host") {
    return text;
  }
  const [, kind, value = ""] = /^(container|ns):(.+)$/.exec(text) ?? [];
  if (kind === "container") {
    return `container:${value}`;
  }
  return kind === "ns" && value.startsWith("/") ? `ns:${value}` : undefined;
}

export function parseNamespaces(flags: NamespaceFlags): RunNamespaces {
  const modes = (["ipc", "pid", "uts", "cgroupns"] as const).flatMap((flag) => {
    const given = flags.text(flag);
    // Docker's words: one that others may join, as with us they may any; and one without /dev/shm.
    const isOwn = flag === "ipc" && (given === "shareable" || given === "none");
    const text = isOwn ? "private" : given;
    const name = flag === "cgroupns" ? "cgroup" : flag;
    return text === undefined ? [] : [[name, parseMode(flag, text)] as const];
  });
  return Object.fromEntries(modes);
}

function parseMode(flag: "ipc" | "pid" | "uts" | "cgroupns", text: string): NamespaceMode {
  const mode = tryMode(text);
  if (mode === undefined || (flag === "cgroupns" && mode.startsWith("container:"))) {
    const others = flag === "cgroupns" ? "" : ", container:NAME";
    throw badValue(flag, text, `it is neither private, host${others} nor ns:PATH`);
  }
  return mode;
}

/** Each belongs to a namespace that the container has for itself: the host's are left alone. */
export function parseSysctls(
  texts: readonly string[],
  network: RunNetwork,
  { ipc = "private", uts = "private" }: RunNamespaces,
): Readonly<Record<string, string>> {
  const sysctls = parsePairs("sysctl", texts);
  const modes = { network: network === "none" ? "private" : network, ipc, uts };
  for (const [name, value] of Object.entries(sysctls)) {
    const type = sysctlNamespace(sysctlPath(name) ?? "");
    const isOwn = type === "network" || type === "ipc" || type === "uts";
    if (!isOwn || sysctlPath(name) === "kernel/hostname") {
      throw badValue("sysctl", `${name}=${value}`, "the whole host has this parameter");
    }
    if (modes[type] !== "private") {
      throw badValue("sysctl", `${name}=${value}`, `the container has no ${type} of its own`);
    }
  }
  return sysctls;
}

/** HOST[:INSIDE[:ACCESS]], or HOST:ACCESS. */
export function parseDevice(text: string): RunDevice {
  const [source = "", second = source, third, ...more] = text.split(":");
  const isAccess = third === undefined && !second.startsWith("/");
  const destination = isAccess ? source : second;
  const access = (isAccess ? second : third) ?? "rwm";
  const isForm = more.length === 0 && source.startsWith("/") && destination.startsWith("/");
  if (!isForm || !/^[rwm]{1,3}$/.test(access)) {
    const isDriver = /^[^/:]+\/[^=]+=/.test(text);
    const reason = isDriver
      ? "devices that a driver describes (CDI) are not known"
      : "it is not of the form HOST[:INSIDE[:rwm]]";
    throw badValue("device", text, reason);
  }
  return { source, destination, access };
}

const EVERY_NUMBER = -1;

/** "TYPE MAJOR:MINOR ACCESS". */
export function parseDeviceRule(text: string): RunDeviceRule {
  const form = /^([acb]) ([0-9]{1,7}|\*):([0-9]{1,7}|\*) ([rwm]{1,3})$/;
  const [, type, major = "", minor = "", access = ""] = form.exec(text) ?? [];
  if (type !== "a" && type !== "b" && type !== "c") {
    throw badValue("device-cgroup-rule", text, "it is not of the form 'c MAJOR:MINOR rwm'");
  }
  const number = (word: string): number => (word === "*" ? EVERY_NUMBER : Number(word));
  return { type, major: number(major), minor: number(minor), access };
}
