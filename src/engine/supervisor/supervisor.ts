// The supervisor: has the health of containers probed when it is time. One process for all of a store's
// containers, while there are any that need it; their holders start it (src/plan/supervisor.ts).
//
//   STATE ROOT/.attach/ID.sock appears     a container is being started. If it needs a clock:
//     connect to its holder                whose end is the container's
//     timer                                of its next probe of each kind, by what health.json says of the last one
//     ProbeRunner                          writes health.json; then the timer again
//
// It remembers nothing that is not in the containers' folders. Killed at any moment it leaves its
// connections, by whose end the holders learn of it, and the lock, which the next one gets. Nothing wakes
// it but sockets, timers of probes and the ends of its children.

import { AT_FDCWD } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { bootMs, startedBootMs } from "../../sys/clock.ts";
import { watchDescriptor } from "../../sys/descriptor-loop.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { makeDirectories } from "../../sys/file.ts";
import { FolderWatch } from "../../sys/inotify.ts";
import {
  ATTACH_SOCKET_SUFFIX,
  attachFolder,
  attachSocketName,
} from "../containers/attach-socket.ts";
import { stopRequest } from "../containers/stop-request.ts";
import { type StoredContainer, tryOpenById } from "../containers/stored-container.ts";
import { hasStarted, nextProbeBootMs } from "../health/health.ts";
import {
  type HealthCheck,
  isTimed,
  PROBE_KINDS,
  type ProbeKind,
  probeOf,
} from "../health/health-check.ts";
import { currentRun, readHealth } from "../health/health-file.ts";
import type { Surroundings } from "../surroundings.ts";
import { Charge, type HolderEnd } from "./charge.ts";
import { ProbeRunner } from "./probe-runner.ts";

const PRIVATE = 0o700;
/** A probe is killed by itself when its time is over; this is for one that cannot even do that. */
const PROBE_GRACE_MS = 10_000;
/** What follows a stop: the holder's last work. */
const STOP_GRACE_MS = 30_000;

export class Supervisor implements Disposable {
  readonly #surroundings: Surroundings;
  readonly #onTrouble: (text: string) => void;
  readonly #probes: ProbeRunner;
  readonly #watch: FolderWatch;
  readonly #stopWatching: () => void;
  readonly #charges = new Map<string, Charge>();
  /** Sockets of containers that need no supervisor. */
  readonly #passedOver = new Set<string>();
  #whenIdle: (() => void) | undefined;

  constructor(surroundings: Surroundings, onTrouble: (text: string) => void) {
    this.#surroundings = surroundings;
    this.#onTrouble = onTrouble;
    this.#probes = new ProbeRunner(surroundings);
    const folder = attachFolder(surroundings);
    makeDirectories(folder, PRIVATE);
    this.#watch = new FolderWatch(folder);
    this.#stopWatching = watchDescriptor(this.#watch.fd, () => this.look());
  }

  get isIdle(): boolean {
    return this.#charges.size === 0 && this.#probes.isIdle;
  }

  /** Until no container needs it any more. */
  untilIdle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenIdle = resolve;
    this.#tellIfIdle();
    return promise;
  }

  /** For containers that have been started since the last time. */
  look(): void {
    this.#watch.drain();
    const ids = new Set(socketNames(attachFolder(this.#surroundings)));
    for (const id of this.#passedOver) {
      if (!ids.has(id)) {
        this.#passedOver.delete(id);
      }
    }
    for (const id of ids) {
      if (!this.#charges.has(id) && !this.#passedOver.has(id)) {
        this.#orTrouble(id, () => this.#admit(id));
      }
    }
  }

  #admit(id: string): void {
    using container = tryOpenById(id, this.#surroundings);
    if (container === undefined || !isTimed(container.record.options)) {
      this.#passedOver.add(id);
      return;
    }
    const path = `${attachFolder(this.#surroundings)}/${attachSocketName(id)}`;
    try {
      const charge = new Charge(id, path, (end) => this.#dismiss(charge, end));
      this.#charges.set(id, charge);
      this.#setTimers(charge, container);
    } catch (error) {
      if (!(error instanceof OcicatError && error.errno !== undefined)) {
        throw error;
      }
      // Nobody listens: its holder was killed. The next one makes the socket anew.
      if (container.status().kind === "running") {
        this.#lookAfter(id);
      }
    }
  }

  #dismiss(charge: Charge, end: HolderEnd): void {
    charge.end();
    this.#charges.delete(charge.id);
    // What was wrong with it need not be wrong with its next run.
    this.#passedOver.delete(charge.id);
    if (end === "gone") {
      this.#lookAfter(charge.id);
    }
    // It may have been started again before this end was seen.
    this.look();
    this.#tellIfIdle();
  }

  /** Of a container whose holder was killed: any command that looks at it gives it another one. */
  #lookAfter(id: string): void {
    this.#orTrouble(id, () => {
      using container = tryOpenById(id, this.#surroundings);
      const options = container?.record.options ?? {};
      const kind = PROBE_KINDS.find((each) => probeOf(options, each)?.isUntimed === false);
      const check = kind === undefined ? undefined : probeOf(options, kind);
      if (container !== undefined && kind !== undefined && check !== undefined) {
        const onEnd = () => this.#tellIfIdle();
        this.#probes.add({ id, kind, patienceMs: patienceMs(container, check), onEnd });
      }
    });
  }

  #tellIfIdle(): void {
    if (this.isIdle) {
      this.#whenIdle?.();
    }
  }

  /** What is wrong with one container is not the others' end. */
  #orTrouble(id: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#passedOver.add(id);
      this.#onTrouble(`container ${id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #setTimers(charge: Charge, container: StoredContainer): void {
    for (const kind of PROBE_KINDS) {
      const check = probeOf(container.record.options, kind);
      if (check?.isUntimed === false) {
        this.#setTimer(charge, container, { kind, check });
      }
    }
  }

  #setTimer(
    charge: Charge,
    container: StoredContainer,
    timed: TimedProbe,
    earliestBootMs = 0,
  ): void {
    const due = nextDue(container, timed);
    if (due !== undefined) {
      charge.setTimer(timed.kind, Math.max(due, earliestBootMs), () =>
        this.#orTrouble(charge.id, () => this.#probe(charge, timed)),
      );
    }
  }

  #probe(charge: Charge, timed: TimedProbe): void {
    using container = tryOpenById(charge.id, this.#surroundings);
    if (container === undefined) {
      return;
    }
    const { kind, check } = timed;
    const isStarted = isUp(container);
    if (kind === "startup" && isStarted) {
      // A user has asked, and it had come up.
      this.#setTimers(charge, container);
      return;
    }
    if (container.status().kind !== "running" || (kind !== "startup" && !isStarted)) {
      // Paused, about to begin or to end, or not come up yet.
      this.#setTimer(charge, container, timed, bootMs() + check.intervalMs);
      return;
    }
    this.#probes.add({
      id: charge.id,
      kind,
      patienceMs: patienceMs(container, check),
      onEnd: (code) => this.#orTrouble(charge.id, () => this.#afterProbe(charge, timed, code)),
    });
  }

  #afterProbe(charge: Charge, timed: TimedProbe, exitCode: number | undefined): void {
    const { kind, check } = timed;
    if (charge.isOver) {
      this.#tellIfIdle();
      return;
    }
    const hasFailed = exitCode !== 0 && exitCode !== 1;
    if (hasFailed) {
      const how = exitCode === undefined ? "had to be killed" : `ended with ${exitCode}`;
      this.#onTrouble(`container ${charge.id}: its ${kind} probe ${how}`);
    }
    using container = tryOpenById(charge.id, this.#surroundings);
    if (container === undefined) {
      return;
    }
    if (kind === "startup" && isUp(container)) {
      this.#setTimers(charge, container);
    } else {
      // Of a probe that failed itself nothing has been written down.
      this.#setTimer(charge, container, timed, hasFailed ? bootMs() + check.intervalMs : 0);
    }
  }

  [Symbol.dispose](): void {
    this.#stopWatching();
    this.#watch[Symbol.dispose]();
    for (const charge of this.#charges.values()) {
      charge.end();
    }
    this.#charges.clear();
  }
}

interface TimedProbe {
  readonly kind: ProbeKind;
  readonly check: HealthCheck;
}

/** Other probes wait for the startup probe, which has nothing more to say when it has succeeded. */
function isUp(container: StoredContainer): boolean {
  const health = readHealth(container.folder.fd, currentRun(container.status()));
  return hasStarted(container.record.options, health);
}

/** One that is only being started counts from now on. Undefined: it will never be, or the startup probe says when. */
function nextDue(container: StoredContainer, { kind, check }: TimedProbe): number | undefined {
  const { options } = container.record;
  const run = currentRun(container.status());
  const started = run === undefined ? bootMs() : startedBootMs(run.startTime);
  const health = readHealth(container.folder.fd, run);
  if (hasStarted(options, health) !== (kind === "startup")) {
    const opened = kind === "startup" ? started : Math.max(started, health.startup.endedBootMs);
    return nextProbeBootMs(health[kind], check, started, opened);
  }
  // A startup probe without a clock succeeds when a user asks for it.
  const isWaiting = kind !== "startup" && probeOf(options, "startup")?.isUntimed === true;
  return isWaiting ? bootMs() + check.intervalMs : undefined;
}

function patienceMs(container: StoredContainer, check: HealthCheck): number {
  const { timeoutMs, onFailure, stopTimeoutMs = stopRequest(container).timeoutMs } = check;
  const ending = onFailure === "none" ? 0 : stopTimeoutMs + STOP_GRACE_MS;
  return timeoutMs + PROBE_GRACE_MS + ending;
}

/** The ids of containers that have a holder, or had one that was killed. */
function socketNames(folder: string): readonly string[] {
  try {
    return readDirectoryAt(AT_FDCWD, folder)
      .filter(({ name }) => name.endsWith(ATTACH_SOCKET_SUFFIX))
      .map(({ name }) => name.slice(0, -ATTACH_SOCKET_SUFFIX.length));
  } catch (error) {
    // The folder has been removed: nothing will appear in it any more.
    if (error instanceof OcicatError && error.errno !== undefined) {
      return [];
    }
    throw error;
  }
}
