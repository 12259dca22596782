// --sort of ps, with podman's keys.

import type { ContainerSizes } from "../../engine/containers/container-report.ts";
import { stateWord } from "../../engine/containers/container-status.ts";
import type { ListedContainer } from "../../engine/containers/list-containers.ts";
import { badValue } from "../run/bad-value.ts";

type Sizes = ReadonlyMap<string, ContainerSizes> | undefined;
type KeyOf = (container: ListedContainer, sizes: Sizes) => string | number;

/** Since when it runs; 0 where it does not. */
const startedMs: KeyOf = ({ status }) => ("startedMs" in status ? status.startedMs : 0);

const KEYS: Readonly<Record<string, KeyOf>> = {
  command: ({ record }) => record.command.join(" "),
  created: ({ record }) => record.created,
  id: ({ record }) => record.id,
  image: ({ record }) => record.image?.name ?? "",
  names: ({ record }) => record.name,
  runningfor: startedMs,
  size: ({ record }, sizes) => sizes?.get(record.id)?.total ?? 0,
  status: ({ status }) => stateWord(status),
};

export interface PsOrder {
  readonly needsSizes: boolean;
  readonly sort: (
    containers: readonly ListedContainer[],
    sizes: Sizes,
  ) => readonly ListedContainer[];
}

/** `key` undefined: as they are, the latest first. */
export function psOrder(key: string | undefined): PsOrder {
  if (key === undefined) {
    return { needsSizes: false, sort: (containers) => containers };
  }
  const keyOf = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (keyOf === undefined) {
    throw badValue("sort", key, `it is one of ${Object.keys(KEYS).join(", ")}`);
  }
  return {
    needsSizes: key === "size",
    sort: (containers, sizes) =>
      containers.toSorted((a, b) => (keyOf(a, sizes) < keyOf(b, sizes) ? -1 : 1)),
  };
}
