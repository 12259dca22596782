// events: what a container uses, once or again and again, and when it runs out of memory.

import { POLLIN } from "../abi/process.ts";
import { type OomSource, openOomSource } from "../cgroup/oom.ts";
import { readStats } from "../cgroup/stats.ts";
import type { ContainerStats } from "../cgroup/stats-types.ts";
import type { ContainerCgroup } from "../cgroup/types.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { OwnedFd } from "../sys/file.ts";
import { poll } from "../sys/poll.ts";
import type { ContainerAddress } from "./delete.ts";
import { StateDirectory } from "./state-directory.ts";
import { openInit, statusOf } from "./status.ts";

export type ContainerEvent =
  | { readonly type: "stats"; readonly stats: ContainerStats }
  | { readonly type: "oom" };

export function statsOf(address: ContainerAddress): ContainerStats {
  using running = openRunning(address);
  return readStats(running.cgroup);
}

export interface WatchOptions extends ContainerAddress {
  readonly intervalMs: number;
  readonly onEvent: (event: ContainerEvent) => void;
}

/** Returns when the container has ended. The process stands still in between. */
export function watchEvents({ intervalMs, onEvent, ...address }: WatchOptions): void {
  using running = openRunning(address);
  using oom = openOomSource(running.cgroup);
  const awaited = [
    { fd: running.init.number, events: POLLIN },
    { fd: oom.fd, events: POLLIN },
  ];
  let due = performance.now() + intervalMs;
  for (;;) {
    const [ended = 0, noticed = 0] = poll(awaited, Math.max(0, due - performance.now()));
    if (noticed !== 0 && tellOom(oom, onEvent)) {
      return;
    }
    if (ended !== 0) {
      return;
    }
    if (performance.now() >= due) {
      onEvent({ type: "stats", stats: readStats(running.cgroup) });
      due = performance.now() + intervalMs;
    }
  }
}

/** Whether the cgroup is gone. */
function tellOom(source: OomSource, onEvent: (event: ContainerEvent) => void): boolean {
  const { oom, ended } = source.read();
  if (oom) {
    onEvent({ type: "oom" });
  }
  return ended;
}

class RunningContainer implements Disposable {
  readonly init: OwnedFd;
  readonly cgroup: ContainerCgroup;

  constructor(init: OwnedFd, cgroup: ContainerCgroup) {
    this.init = init;
    this.cgroup = cgroup;
  }

  [Symbol.dispose](): void {
    this.init[Symbol.dispose]();
  }
}

function openRunning({ stateRoot, id }: ContainerAddress): RunningContainer {
  using directory = StateDirectory.openUnlocked(stateRoot, id);
  const state = directory.readState();
  using init = openInit(state);
  if (init === undefined || statusOf(directory, state) === "stopped") {
    throw new OcicatError("wrong-state", {
      operation: "watch",
      subject: `container ${quote(id)}`,
      reason: `container with id ${id} is not running`,
    });
  }
  return new RunningContainer(new OwnedFd(init.release()), state.cgroup);
}
