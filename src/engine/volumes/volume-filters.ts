// The filters of `volume ls` and `volume prune`.

import { hasLabel } from "../labels.ts";
import {
  type Condition,
  type FilterTable,
  filterCondition,
  momentOf,
  namePattern,
  parseFilters,
  truthOf,
} from "../list-filters.ts";
import type { ListedVolume } from "./volume-operations.ts";

const TABLE: FilterTable<ListedVolume> = {
  name: (value) => {
    const matches = namePattern(value);
    return ({ name }) => matches(name);
  },
  label: (value) => (volume) => hasLabel(volume.labels, value),
  "label!": (value) => (volume) => !hasLabel(volume.labels, value),
  dangling: (value) => {
    const wanted = truthOf({ key: "dangling", value });
    return ({ containers }) => (containers.length === 0) === wanted;
  },
  driver: (value) => () => value === "local",
  scope: (value) => () => value === "local",
  opt: (value) => (volume) => hasLabel(volume.options ?? {}, value),
  until: (value) => {
    const limit = momentOf({ key: "until", value });
    return ({ created }) => Date.parse(created) < limit;
  },
};

/** "KEY=VALUE" each. */
export function parseVolumeFilters(filters: readonly string[]): Condition<ListedVolume> {
  return filterCondition(parseFilters(filters, Object.keys(TABLE)), TABLE);
}
