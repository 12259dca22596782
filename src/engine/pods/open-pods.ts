// The pods of a store and their containers.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { tryFindContainerId } from "../containers/container-names.ts";
import type { ContainerRecord } from "../containers/container-record.ts";
import type { ContainerStatus } from "../containers/container-status.ts";
import { eachReadable, openContainer } from "../containers/stored-container.ts";
import { liveHealth } from "../health/health-file.ts";
import {
  placeOf,
  readSurroundings,
  type Surroundings,
  type SurroundingsOptions,
} from "../surroundings.ts";
import { isPod, type PodRecord } from "./pod-record.ts";

export interface FoundContainer<Record extends ContainerRecord = ContainerRecord> {
  readonly record: Record;
  readonly status: ContainerStatus;
  /** Undefined: it does not run, or has no probe that says so. */
  readonly isReady?: boolean | undefined;
}

export interface FoundPod extends FoundContainer<PodRecord> {
  /** In the order in which they were created. */
  readonly members: readonly FoundContainer[];
}

/** By name, id or the beginning of an id. Throws "not-found". */
export async function findPod(word: string, options: SurroundingsOptions): Promise<FoundPod> {
  const surroundings = await readSurroundings(options);
  const pod = await findPodAlone(word, surroundings);
  return { ...pod, members: membersOf(pod.record.id, surroundings) };
}

/** As findPod, without a look at its containers. */
export async function findPodAlone(
  word: string,
  surroundings: Surroundings,
): Promise<FoundContainer<PodRecord>> {
  const id = tryFindContainerId(surroundings.storeRoot, word);
  const pod = id === undefined ? undefined : await tryOpen(id, surroundings);
  if (pod === undefined) {
    throw notFound(word, id === undefined ? "there is none of this name or id" : "it is no pod");
  }
  return pod;
}

async function tryOpen(
  id: string,
  surroundings: Surroundings,
): Promise<FoundContainer<PodRecord> | undefined> {
  using container = await openContainer(id, placeOf(surroundings));
  const { record } = container;
  return isPod(record) ? { record, status: container.status() } : undefined;
}

function notFound(word: string, reason: string): OcicatError {
  return new OcicatError("not-found", {
    operation: "find",
    subject: `pod ${quote(word.slice(0, 200))}`,
    reason,
    hint: "`ocicat pod ps` lists them",
  });
}

export function membersOf(podId: string, surroundings: Surroundings): readonly FoundContainer[] {
  const members = eachReadable(surroundings, (container) => {
    if (container.record.options.pod !== podId) {
      return [];
    }
    const status = container.status();
    const { isReady } = liveHealth(container, status);
    return [{ record: container.record, status, isReady }];
  });
  return members.flat().toSorted(byCreation);
}

/** With the pod's lock held: nobody is creating another one. */
export function requireEmpty({ id, name }: PodRecord, surroundings: Surroundings): void {
  const [member] = membersOf(id, surroundings);
  if (member !== undefined) {
    throw new OcicatError("wrong-state", {
      operation: "remove",
      subject: `pod ${quote(name)}`,
      reason: `container ${quote(member.record.name)} is in it`,
      hint: `\`ocicat pod rm ${name}\` removes it with its containers`,
    });
  }
}

/** The latest first. */
export function allPods(surroundings: Surroundings): readonly FoundPod[] {
  const all = eachReadable(surroundings, (container) => ({
    record: container.record,
    status: container.status(),
  })).toSorted(byCreation);
  const pods = all.flatMap(({ record, status }) => (isPod(record) ? [{ record, status }] : []));
  return pods.toReversed().map((pod) => ({
    ...pod,
    members: all.filter(({ record }) => record.options.pod === pod.record.id),
  }));
}

function byCreation(one: FoundContainer, other: FoundContainer): number {
  return one.record.created < other.record.created ? -1 : 1;
}

export function isLive({ status: { kind } }: Pick<FoundContainer, "status">): boolean {
  return kind === "running" || kind === "paused";
}
