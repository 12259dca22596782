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
import { exposedPortsOf, labelsOf } from "./recorded-image.ts";
import { NO_RESTART } from "./restart-policy.ts";

type Test = Condition<ListedContainer>;

/** `all`: of which some are to be shown. */
function filterTable(
  all: readonly ListedContainer[],
  descendants: Descendants,
): FilterTable<ListedContainer> {
  return {
    ...PROPERTIES,
    ancestor: (value) => (container) => isMadeOf(container, value, descendants),
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
  label: (value) => (container) => hasLabel(labelsOf(container.record), value),
  "label!": (value) => (container) => !hasLabel(labelsOf(container.record), value),
  expose: (value) => {
    const wanted = portsOf({ key: "expose", value });
    return ({ record }) => exposedPortsOf(record).some((port) => wanted.has(port));
  },
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

function isMadeOf(
  { record: { image } }: ListedContainer,
  wanted: string,
  descendants: Descendants,
): boolean {
  return (
    image !== undefined &&
    (isImageName(image.name, wanted) ||
      image.digest.includes(wanted) ||
      descendants.get(wanted)?.has(image.digest) === true)
  );
}

const HIGHEST_PORT = 65_535;

/** Docker's "80", "80/udp", "8000-8010/tcp". */
function portsOf(filter: Filter): ReadonlySet<string> {
  const [, first = "", last = first, protocol = "tcp"] =
    /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(filter.value) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === "" || Number(last) > HIGHEST_PORT || count < 1) {
    throw badFilter(filter, "it is not of the form PORT[-PORT][/tcp|/udp|/sctp]");
  }
  return new Set(Array.from({ length: count }, (_, i) => `${Number(first) + i}/${protocol}`));
}

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

const REFUSED = { publish: "there are no networks with ports yet" };

/** Digests of manifests of an image and of those made from it, by what it was called. */
export type Descendants = ReadonlyMap<string, ReadonlySet<string>>;

export interface ContainerFilters {
  /** Throws "not-found" where a filter names one that is not among them. */
  readonly among: (all: readonly ListedContainer[], descendants: Descendants) => Test;
  /** What images are called that the filter asks for. */
  readonly ancestors: readonly string[];
  /** They name a state that only containers have which do not run. */
  readonly asksForEnded: boolean;
}

export function parseContainerFilters(texts: readonly string[]): ContainerFilters {
  const known = Object.keys(filterTable([], new Map()));
  const filters = parseFilters(texts, known, REFUSED);
  filters.forEach(checkValue);
  return {
    among: (all, descendants) => filterCondition(filters, filterTable(all, descendants)),
    ancestors: filters.flatMap(({ key, value }) => (key === "ancestor" ? [value] : [])),
    asksForEnded: filters.some(({ key }) => key === "status" || key === "exited"),
  };
}
