// Flags that docker and podman have for `search` and that can't be had here: why.

import type { Refusals } from "../parse-command-line.ts";

const NAMES_ALONE = { reason: "registries tell the names of repositories alone" };

export const REFUSED_SEARCH_FLAGS: Refusals = {
  compatible: NAMES_ALONE,
  filter: NAMES_ALONE,
  f: NAMES_ALONE,
};
