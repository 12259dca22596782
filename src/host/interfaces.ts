// Indices and addresses of the network interfaces that a configuration moves into a container.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Spec } from "../oci/spec.ts";
import type { InterfaceAddress } from "../plan/host-facts.ts";
import { readTextFileIfExists } from "../sys/file.ts";
import { readInterfaceAddresses } from "./interface-addresses.ts";

export function interfaceIndices(spec: Spec): ReadonlyMap<string, number> {
  const indices = new Map<string, number>();
  for (const name of Object.keys(spec.linux?.netDevices ?? {})) {
    const index = readTextFileIfExists(`/sys/class/net/${name}/ifindex`);
    if (index === undefined) {
      throw new OcicatError("not-found", {
        operation: "move",
        subject: `linux.netDevices.${name}`,
        reason: `there is no network interface ${quote(name)}`,
      });
    }
    indices.set(name, Number(index));
  }
  return indices;
}

/** By name, of the interfaces that have any. */
export function addressesOf(
  indices: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly InterfaceAddress[]> {
  if (indices.size === 0) {
    return new Map();
  }
  const all = readInterfaceAddresses();
  return new Map([...indices].map(([name, index]) => [name, all.get(index) ?? []]));
}
