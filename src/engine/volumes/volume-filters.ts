// The filters of `volume ls` and `volume prune`: KEY=VALUE. Values of one key are alternatives, keys have
// to match all.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { ListedVolume } from "./volume-operations.ts";

type Test = (volume: ListedVolume, value: string) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  name: ({ name }, value) => name.includes(value),
  label: hasLabel,
  "label!": (volume, value) => !hasLabel(volume, value),
  dangling: ({ containers }, value) => (containers.length === 0) === (value === "true"),
  driver: (_, value) => value === "local",
};

function hasLabel({ labels }: ListedVolume, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  return equals < 0
    ? Object.hasOwn(labels, wanted)
    : labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
}

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
