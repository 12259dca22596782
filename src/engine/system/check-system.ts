// system check: whether the store is sound, and its repair.

import { checkStore } from "../../image/content/check.ts";
import { type Finding, findingOf } from "../../image/content/check-finding.ts";
import {
  leftoverContainers,
  sweepContainers,
  unreadableContainers,
} from "../containers/sweep-containers.ts";
import { openImages } from "../images/image-session.ts";
import type { SurroundingsOptions } from "../surroundings.ts";

export type { Finding } from "../../image/content/check-finding.ts";

export interface CheckSystemOptions extends SurroundingsOptions {
  /** Removes what is damaged or left over, and rebuilds what can be derived. */
  readonly repair: boolean;
  /** Reads no content. */
  readonly quick: boolean;
  readonly onFinding: (finding: Finding) => void;
}

/** Whether everything works: nothing is damaged any more. */
export async function checkSystem(options: CheckSystemOptions): Promise<boolean> {
  using session = await openImages(options);
  const { repair, quick, onFinding } = options;
  const findings = await checkStore(session.store, { repair, quick, onFinding });
  for (const id of leftoverContainers(session.surroundings.storeRoot)) {
    onFinding(findingOf({ kind: "container", id }, repair));
  }
  const unreadable = unreadableContainers(session.surroundings);
  for (const { id, reason } of unreadable) {
    onFinding(findingOf({ kind: "unreadable-container", id, reason }, false));
  }
  if (repair) {
    await sweepContainers(session.surroundings);
  }
  const isSound = findings.every(({ severity, isRepaired }) => severity === "untidy" || isRepaired);
  return isSound && unreadable.length === 0;
}
