// The filters of ps.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { hasLabel } from "../labels.ts";
import {
  badFilter,
  type Condition,
  type Filter,
  type FilterTable,
  filterCondition,
  momentOf,
  namePattern,
  parseFilters,
  truthOf,
} from "../list-filters.ts";
import { stateWord } from "./container-status.ts";
import type { ListedContainer } from "./list-containers.ts";
import { NO_RESTART } from "./restart-policy.ts";

type Test = Condition<ListedContainer>;

/** `all`: of which some are to be shown. */
function filterTable(all: readonly ListedContainer[]): FilterTable<ListedContainer> {
  return {
    ...PROPERTIES,
    before: (value) => {
      const { created } = find(all, value).record;
      return ({ record }) => record.created < created;
    },
    since: (value) => {
      const { created } = find(all, value).record;
      return ({ record }) => record.created > created;
    },
  };
}

const PROPERTIES: FilterTable<ListedContainer> = {
  id: (value) => (container) => container.record.id.startsWith(value),
  name: (value) => {
    const matches = namePattern(value);
    return ({ record }) => matches(record.name);
  },
  status: (value) => (container) => statusWords(container.status).includes(value),
  exited:
    (value) =>
    ({ status }) =>
      status.kind === "exited" && status.code === Number(value),
  health:
    (value) =>
    ({ health = "none" }) =>
      health === value,
  label: (value) => (container) => hasLabel(container.record.options.labels ?? {}, value),
  "label!": (value) => (container) => !hasLabel(container.record.options.labels ?? {}, value),
  ancestor:
    (value) =>
    ({ record: { image } }) =>
      image !== undefined && (isImageName(image.name, value) || image.digest.includes(value)),
  until: (value) => {
    const limit = momentOf({ key: "until", value });
    return ({ record }) => Date.parse(record.created) < limit;
  },
  volume: (value) => (container) => hasMount(container.record.options, value),
  network: (value) => (container) => container.record.options.network === value,
  pod:
    (value) =>
    ({ record: { options }, podName }) =>
      value !== "" && (podName === value || options.pod?.startsWith(value) === true),
  command:
    (value) =>
    ({ record }) =>
      record.command[0] === value,
  "restart-policy":
    (value) =>
    ({ record: { options } }) =>
      (options.restart ?? NO_RESTART).kind === value,
  "should-start-on-boot": (value) => {
    const wanted = truthOf({ key: "should-start-on-boot", value });
    return ({ record: { options } }) => {
      const { kind } = options.restart ?? NO_RESTART;
      return (kind === "always" || kind === "unless-stopped") === wanted;
    };
  },
  // Of docker's swarms: a container here is the task of none.
  "is-task": (value) => {
    const wanted = truthOf({ key: "is-task", value });
    return () => !wanted;
  },
};

/** Without a tag, every tag; without a registry, those that were asked for without one. */
function isImageName(name: string, wanted: string): boolean {
  return (
    name === wanted || (name.startsWith(`${wanted}:`) && !/[/]/.test(name.slice(wanted.length)))
  );
}

/** By its name, or by the path that it has inside or on the host. */
function hasMount(
  { mounts, volumes = [] }: ListedContainer["record"]["options"],
  wanted: string,
): boolean {
  return (
    mounts.some(({ source, destination }) => source === wanted || destination === wanted) ||
    volumes.some(({ name, destination }) => name === wanted || destination === wanted)
  );
}

function find(all: readonly ListedContainer[], word: string): ListedContainer {
  const found = all.find(({ record }) => record.name === word || record.id.startsWith(word));
  if (found === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `container ${quote(word)}`,
      reason: "there is none of this name or id",
    });
  }
  return found;
}

/** Docker's names for states, and ours. */
function statusWords(status: ListedContainer["status"]): readonly string[] {
  const word = stateWord(status);
  return word === "dead" ? ["lost", word] : [word];
}

/** Docker's words, and what only we have: what each of these can be. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  status: ["created", "restarting", "running", "removing", "paused", "exited", "dead", "lost"],
  health: ["none", "starting", "healthy", "unhealthy"],
  "restart-policy": ["no", "on-failure", "always", "unless-stopped"],
};

function checkValue(filter: Filter): void {
  const { key, value } = filter;
  const choices = Object.hasOwn(CHOICES, key) ? CHOICES[key] : undefined;
  if (choices !== undefined && !choices.includes(value)) {
    throw badFilter(filter, `a ${key} is one of ${choices.join(", ")}`);
  }
  if (key === "exited" && !/^\d{1,3}$/.test(value)) {
    throw badFilter(filter, "an exit code is a number");
  }
}

const NO_PORTS = "there are no networks with ports yet";
const REFUSED: Readonly<Record<string, string>> = { publish: NO_PORTS, expose: NO_PORTS };

export interface ContainerFilters {
  /** Throws "not-found" where a filter names one that is not among them. */
  readonly among: (all: readonly ListedContainer[]) => Test;
  /** They name a state that only containers have which do not run. */
  readonly asksForEnded: boolean;
}

export function parseContainerFilters(texts: readonly string[]): ContainerFilters {
  const known = Object.keys(filterTable([]));
  const filters = parseFilters(texts, known, REFUSED);
  filters.forEach(checkValue);
  return {
    among: (all) => filterCondition(filters, filterTable(all)),
    asksForEnded: filters.some(({ key }) => key === "status" || key === "exited"),
  };
}
