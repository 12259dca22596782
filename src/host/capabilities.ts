// The runtime's own capabilities.

import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { words } from "../sys/memory.ts";

const LINUX_CAPABILITY_VERSION_3 = 0x2008_0522;

/** The numbers of the effective capabilities, by capget(2). */
export function readOwnCapabilities(): ReadonlySet<number> {
  const header = words(2);
  header[0] = LINUX_CAPABILITY_VERSION_3;
  const data = words(6);
  checked(call("capget", addressOf(header), addressOf(data)), "read", "our capabilities");
  const set = new Set<number>();
  for (let capability = 0; capability < 64; capability++) {
    const word = data[capability < 32 ? 0 : 3] ?? 0;
    if (((word >>> (capability & 31)) & 1) === 1) {
      set.add(capability);
    }
  }
  return set;
}
