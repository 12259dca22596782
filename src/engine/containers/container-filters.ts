// The filters of ps: "KEY=VALUE". Values of one key are alternatives, keys have to match all.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { hasLabel } from "../labels.ts";
import { stateWord } from "./container-status.ts";
import type { ListedContainer } from "./list-containers.ts";

type Test = (container: ListedContainer) => boolean;
/** `all`: of which some are to be shown. */
type Filter = (value: string, all: readonly ListedContainer[]) => Test;

const FILTERS: Readonly<Record<string, Filter>> = {
  id: (value) => (container) => container.record.id.startsWith(value),
  name: (value) => (container) => hasName(container.record.name, value),
  status: (value) => (container) => statusWords(container.status).includes(value),
  exited:
    (value) =>
    ({ status }) =>
      status.kind === "exited" && String(status.code) === value,
  health:
    (value) =>
    ({ health = "none" }) =>
      health === value,
  label: (value) => (container) => hasLabel(container.record.options.labels ?? {}, value),
  ancestor:
    (value) =>
    ({ record: { image } }) =>
      image !== undefined && (isImageName(image.name, value) || image.digest.includes(value)),
  before: (value, all) => {
    const { created } = find(all, value).record;
    return ({ record }) => record.created < created;
  },
  since: (value, all) => {
    const { created } = find(all, value).record;
    return ({ record }) => record.created > created;
  },
  volume: (value) => (container) => hasMount(container.record.options, value),
  network: (value) => (container) => container.record.options.network === value,
  pod:
    (value) =>
    ({ record: { options }, podName }) =>
      value !== "" && (podName === value || options.pod?.startsWith(value) === true),
};

/** A part of it, or an expression for the whole: "^web$", also with the slash that docker puts before it. */
function hasName(name: string, wanted: string): boolean {
  const [, whole] = /^\^\/?([\w.-]+)\$$/.exec(wanted) ?? [];
  return whole === undefined ? name.includes(wanted.replace(/^[\^/]+/, "")) : name === whole;
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

/** Docker's, and what only we have. */
const STATES = ["created", "restarting", "running", "removing", "paused", "exited", "dead", "lost"];

function checkState(filter: string): void {
  const [, state] = /^status=(.*)$/s.exec(filter) ?? [];
  if (state !== undefined && !STATES.includes(state)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the filter ${quote(filter)}`,
      reason: `a status is one of ${STATES.join(", ")}`,
    });
  }
}

export interface ContainerFilters {
  /** Throws "not-found" where a filter names one that is not among them. */
  readonly among: (all: readonly ListedContainer[]) => Test;
  /** They name a state that only containers have which do not run. */
  readonly asksForEnded: boolean;
}

export function parseContainerFilters(filters: readonly string[]): ContainerFilters {
  const values = new Map<string, string[]>();
  for (const filter of filters) {
    const equals = filter.indexOf("=");
    const key = equals < 0 ? filter : filter.slice(0, equals);
    if (equals < 0 || !Object.hasOwn(FILTERS, key)) {
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: `the filter ${quote(filter)}`,
        reason: `a filter is KEY=VALUE with a key of ${Object.keys(FILTERS).join(", ")}`,
      });
    }
    checkState(filter);
    values.set(key, [...(values.get(key) ?? []), filter.slice(equals + 1)]);
  }
  return {
    among: (all) => {
      const tests = [...values].map(([key, wanted]) =>
        wanted.flatMap((value) => FILTERS[key]?.(value, all) ?? []),
      );
      return (container) => tests.every((either) => either.some((test) => test(container)));
    },
    asksForEnded: values.has("status") || values.has("exited"),
  };
}
