// Compiles a seccomp profile to what the plan compiler needs of it. Loaded only when there is no cached
// filter.

import type { ArchitectureName } from "../abi/architecture.ts";
import type { SeccompProfile } from "../oci/seccomp.ts";
import { CALLS_BEHIND_FILTER, type SeccompFacts } from "../plan/host-facts.ts";
import { lets } from "../plan/seccomp/actions.ts";
import { compileSeccomp } from "../plan/seccomp/compile.ts";
import { profileExplainer } from "../plan/seccomp/explain-decision.ts";

export function compileSeccompFacts(
  profile: SeccompProfile,
  architecture: ArchitectureName,
): SeccompFacts {
  const { filter, flags, notifies } = compileSeccomp(profile, { architecture });
  const explain = profileExplainer(profile, architecture);
  const blocked: Record<string, string> = {};
  for (const name of CALLS_BEHIND_FILTER) {
    const { action, rule, certain } = explain(name);
    if (certain && lets(action) === "block") {
      blocked[name] = rule;
    }
  }
  const wait = explain("wait4");
  if (lets(wait.action) !== "pass") {
    blocked["wait4"] = wait.rule;
  }
  return { filter, flags, notifies, blocked };
}
