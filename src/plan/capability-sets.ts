// Which capabilities the process gets of those that its configuration names: the ones that this kernel
// knows and that the runtime can give. The specification wants the others warned of, not refused.

import { CAPABILITIES, CAPABILITY_SETS, type Capabilities } from "../oci/process.ts";
import type { Spec } from "../oci/spec.ts";
import type { HostFacts } from "./host-facts.ts";

const NUMBERS: ReadonlyMap<string, number> = new Map(
  CAPABILITIES.map((name, number) => [name, number]),
);
export const CAP_SYS_ADMIN = 21;

/** By the numbers of the capabilities. */
export type CapabilitySets = Readonly<Record<keyof Capabilities, ReadonlySet<number>>>;

/**
 * In a user namespace all can be given; elsewhere what the runtime has itself. The bounding set is only
 * ever reduced: it may well have more than the runtime.
 */
export function capabilitySets(
  capabilities: Capabilities,
  facts: HostFacts,
  inUserNamespace: boolean,
): CapabilitySets {
  const numbers = (set: keyof Capabilities): ReadonlySet<number> =>
    new Set((capabilities[set] ?? []).flatMap((name) => NUMBERS.get(name) ?? []));
  const granted = (set: keyof Capabilities): ReadonlySet<number> =>
    inUserNamespace ? numbers(set) : numbers(set).intersection(facts.capabilities);
  const isKnown = (number: number): boolean => number <= facts.lastCapability;
  const known = (set: ReadonlySet<number>): ReadonlySet<number> =>
    new Set([...set].filter(isKnown));
  return {
    bounding: known(numbers("bounding")),
    effective: known(granted("effective")),
    inheritable: known(granted("inheritable")),
    permitted: known(granted("permitted")),
    ambient: known(granted("ambient")),
  };
}

/** A sentence for each capability that is asked for and cannot be given. */
export function capabilityWarnings(spec: Spec, facts: HostFacts): string[] {
  const { capabilities } = spec.process ?? {};
  if (capabilities === undefined) {
    return [];
  }
  const inUserNamespace = spec.linux?.namespaces?.some(({ type }) => type === "user") === true;
  const given = capabilitySets(capabilities, facts, inUserNamespace);
  return CAPABILITY_SETS.flatMap((set) =>
    (capabilities[set] ?? []).flatMap((name, index) => {
      const number = NUMBERS.get(name);
      return number === undefined || given[set].has(number)
        ? []
        : [`process.capabilities.${set}[${index}]: "${name}" cannot be given here: ignored`];
    }),
  );
}
