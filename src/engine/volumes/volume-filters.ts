// The filters of `volume ls` and `volume prune`: KEY=VALUE. Values of one key are alternatives, keys have
// to match all.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { hasLabel } from "../labels.ts";
import type { ListedVolume } from "./volume-operations.ts";

type Test = (volume: ListedVolume, value: string) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  name: ({ name }, value) => name.includes(value),
  label: ({ labels }, value) => hasLabel(labels, value),
  "label!": ({ labels }, value) => !hasLabel(labels, value),
  dangling: ({ containers }, value) => (containers.length === 0) === (value === "true"),
  driver: (_, value) => value === "local",
};

export function parseVolumeFilters(filters: readonly string[]): (volume: ListedVolume) => boolean {
  const values = new Map<string, string[]>();
  for (const filter of filters) {
    const [, key = "", value = ""] = /^([a-z]+!?)=(.*)$/.exec(filter) ?? [];
    const isTruth = key !== "dangling" || value === "true" || value === "false";
    if (!Object.hasOwn(TESTS, key) || !isTruth) {
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: `the filter ${quote(filter)}`,
        reason: "a filter is name=, label=, label!=, dangling=true|false or driver=",
      });
    }
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return (volume) =>
    [...values].every(([key, wanted]) =>
      wanted.some((value) => TESTS[key]?.(volume, value) === true),
    );
}
