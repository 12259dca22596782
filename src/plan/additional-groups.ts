// What becomes of the groups that the runtime's caller has.

import type { Spec } from "../oci/spec.ts";
import type { HostFacts } from "./host-facts.ts";
import { deniesSetgroups } from "./id-maps.ts";

/**
 * The container's process has those of its configuration; or the caller's, because the user namespace has given
 * up setgroups(2); or the caller's, because an annotation asks for them.
 */
export type AdditionalGroups = "set" | "denied" | "kept";

/** crun's: of value "1" it lets the process have the groups of the runtime's caller. */
export const KEEP_GROUPS_ANNOTATION = "run.oci.keep_original_groups";

/** The annotation is an ordinary user's to write: the groups of root are for no configuration to have. */
export function additionalGroupsOf(
  { annotations = {}, linux = {} }: Pick<Spec, "annotations" | "linux">,
  facts: HostFacts,
  inUserNamespace: boolean,
): AdditionalGroups {
  if (!facts.privileged && annotations[KEEP_GROUPS_ANNOTATION] === "1") {
    return "kept";
  }
  const maps = { uid: linux.uidMappings ?? [], gid: linux.gidMappings ?? [] };
  return inUserNamespace && deniesSetgroups(maps, facts) ? "denied" : "set";
}
