// The filters of ps: "KEY=VALUE". Values of one key are alternatives, keys have to match all.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { ListedContainer } from "./list-containers.ts";

type Test = (container: ListedContainer, value: string) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  id: ({ record }, value) => record.id.startsWith(value),
  name: ({ record }, value) => record.name.includes(value),
  status: ({ status }, value) => statusWords(status.kind).includes(value),
  exited: ({ status }, value) => status.kind === "exited" && String(status.code) === value,
  label: ({ record }, value) => hasLabel(record.options.labels ?? {}, value),
  ancestor: ({ record }, value) =>
    record.image !== undefined &&
    (record.image.name === value || record.image.digest.includes(value)),
};

/** Docker's names for states, and ours. */
function statusWords(kind: ListedContainer["status"]["kind"]): readonly string[] {
  return kind === "lost" ? ["lost", "dead"] : [kind];
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  return equals < 0
    ? Object.hasOwn(labels, wanted)
    : labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
}

export interface ContainerFilters {
  readonly matches: (container: ListedContainer) => boolean;
  /** They name a state that only containers have which do not run. */
  readonly asksForEnded: boolean;
}

export function parseContainerFilters(filters: readonly string[]): ContainerFilters {
  const values = new Map<string, string[]>();
  for (const filter of filters) {
    const equals = filter.indexOf("=");
    const key = equals < 0 ? filter : filter.slice(0, equals);
    if (equals < 0 || !Object.hasOwn(TESTS, key)) {
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: `the filter ${quote(filter)}`,
        reason: `a filter is KEY=VALUE with a key of ${Object.keys(TESTS).join(", ")}`,
      });
    }
    values.set(key, [...(values.get(key) ?? []), filter.slice(equals + 1)]);
  }
  return {
    matches: (container) =>
      [...values].every(([key, wanted]) =>
        wanted.some((value) => TESTS[key]?.(container, value) === true),
      ),
    asksForEnded: values.has("status") || values.has("exited"),
  };
}
