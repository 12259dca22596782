// ps: the containers of a store.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { HealthStatus } from "../health/health.ts";
import { liveHealth } from "../health/health-file.ts";
import { isPod } from "../pods/pod-record.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import type { ContainerRecord } from "./container-record.ts";
import { type ContainerStatus, isLive } from "./container-status.ts";
import { isNeglected } from "./keep-promises.ts";
import { eachReadable, openContainer, type StoredContainer } from "./stored-container.ts";

export interface ListedContainer {
  readonly record: ContainerRecord;
  readonly status: ContainerStatus;
  /** Undefined: it does not run, or has no check. */
  readonly health: HealthStatus | undefined;
  /** Undefined: it does not run, or has no probe that says so. */
  readonly isReady?: boolean | undefined;
  /** The name of the pod that it is a part of. */
  readonly podName?: string | undefined;
}

export interface ListContainersOptions extends SurroundingsOptions {
  /** Those that do not run, too. */
  readonly all: boolean;
  /** "KEY=VALUE", as container-filters.ts has them. */
  readonly filters?: readonly string[];
}

/** The latest first. Pods are not among them. */
export async function listContainers(
  options: ListContainersOptions,
): Promise<readonly ListedContainer[]> {
  const { parseContainerFilters } = await import("./container-filters.ts");
  const { among, asksForEnded, ancestors } = parseContainerFilters(options.filters ?? []);
  const surroundings = await readSurroundings(options);
  const neglected: string[] = [];
  const onUnreadable = (id: string, { message }: OcicatError): void =>
    options.onWarning?.(`container ${id.slice(0, 12)} is not listed: ${message}`);
  const visit = (container: StoredContainer) => {
    if (isNeglected(container)) {
      neglected.push(container.record.id);
    }
    const status = container.status();
    return { record: container.record, status, ...liveHealth(container, status) };
  };
  const seen = eachReadable(surroundings, visit, onUnreadable);
  const gone = new Set<string>();
  for (const id of neglected) {
    if (!(await isThereStill(id, options))) {
      gone.add(id);
    }
  }
  const found = seen.filter(({ record }) => !gone.has(record.id));
  const pods = new Map(
    found.filter(({ record }) => isPod(record)).map(({ record: { id, name } }) => [id, name]),
  );
  const all = found
    .filter(({ record }) => !isPod(record))
    .map((each) => ({ ...each, podName: pods.get(each.record.options.pod ?? "") }));
  const matches = among(all, await descendantsOf(ancestors, options));
  const shown = all.filter((each) => {
    return (isLive(each.status) || options.all || asksForEnded) && matches(each);
  });
  return shown.toSorted((a, b) => (a.record.created < b.record.created ? 1 : -1));
}

/** Images are read for those who ask for them alone. */
async function descendantsOf(
  images: readonly string[],
  options: SurroundingsOptions,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  if (images.length === 0) {
    return new Map();
  }
  const { descendedImages } = await import("../images/descended-images.ts");
  return descendedImages(images, options);
}

/** As any command that meets it, and sees to what it was promised: maybe its removal. */
async function isThereStill(id: string, options: SurroundingsOptions): Promise<boolean> {
  try {
    using _container = await openContainer(id, options);
    return true;
  } catch (error) {
    if (!(error instanceof OcicatError && error.code === "not-found")) {
      throw error;
    }
    return false;
  }
}
