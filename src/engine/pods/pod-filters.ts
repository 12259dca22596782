// The filters of `pod ps`, as podman has them.

import { hasLabel } from "../labels.ts";
import { badFilter, type FilterTable, momentOf, namePattern } from "../list-filters.ts";
import type { ListedPod } from "./list-pods.ts";
import { POD_STATES } from "./pod-status.ts";

const CONTAINER_STATES = ["created", "running", "paused", "exited", "lost"];

export const POD_FILTERS: FilterTable<ListedPod> = {
  id: (value) => (pod) => pod.record.id.startsWith(value),
  name: (value) => {
    const matches = namePattern(value);
    return ({ record }) => matches(record.name);
  },
  status: (value) => {
    const wanted = POD_STATES.find((state) => state.toLowerCase() === value.toLowerCase());
    if (wanted === undefined) {
      const known = POD_STATES.join(", ").toLowerCase();
      throw badFilter({ key: "status", value }, `a pod's status is one of ${known}`);
    }
    return ({ state }) => state === wanted;
  },
  label: (value) => (pod) => hasLabel(pod.record.options.labels ?? {}, value),
  "label!": (value) => (pod) => !hasLabel(pod.record.options.labels ?? {}, value),
  network: (value) => (pod) => pod.record.options.network === value,
  until: (value) => {
    const limit = momentOf({ key: "until", value });
    return ({ record }) => Date.parse(record.created) < limit;
  },
  "ctr-names": (value) => {
    const matches = namePattern(value);
    return ({ members }) => members.some(({ record }) => matches(record.name));
  },
  "ctr-ids":
    (value) =>
    ({ members }) =>
      members.some(({ record }) => record.id.startsWith(value)),
  "ctr-status": (value) => {
    const kind = value === "stopped" ? "exited" : value;
    if (!CONTAINER_STATES.includes(kind)) {
      const known = CONTAINER_STATES.join(", ");
      throw badFilter({ key: "ctr-status", value }, `a container's status is one of ${known}`);
    }
    return ({ members }) => members.some(({ status }) => status.kind === kind);
  },
  // With the pod's own process, as the list counts them.
  "ctr-number": (value) => {
    if (!/^\d{1,6}$/.test(value)) {
      throw badFilter({ key: "ctr-number", value }, "it is not a number");
    }
    return ({ members }) => members.length + 1 === Number(value);
  },
};
