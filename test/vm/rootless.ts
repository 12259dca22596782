// The `linux` sections of containers that an ordinary user makes.

import type { Linux } from "../../src/oci/linux.ts";
import { USER } from "./accounts.ts";
import { DEFAULT_NAMESPACES } from "./container.ts";

const namespaces: Linux["namespaces"] = [...DEFAULT_NAMESPACES, { type: "user" }];

const own = { containerID: 0, hostID: USER.id, size: 1 };
const subordinate = { containerID: 1, hostID: USER.subordinateIds, size: USER.subordinateCount };

/** Root inside is the user outside, and there is nobody else. */
export const SINGLE_ID_LINUX: Partial<Linux> = {
  namespaces,
  uidMappings: [own],
  gidMappings: [own],
};

/** Root inside is the user outside; the others are its subordinate ids. */
export const ROOTLESS_LINUX: Partial<Linux> = {
  namespaces,
  uidMappings: [own, subordinate],
  gidMappings: [own, subordinate],
};
