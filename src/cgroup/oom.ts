// Notices of the kernel's out-of-memory killer, as descriptors to wait on.
//
//   v1  an eventfd registered in cgroup.event_control for memory.oom_control; it is also signalled when
//       the cgroup goes away
//   v2  inotify on memory.events, and on cgroup.events for the end

import { AT_FDCWD, O_RDONLY } from "../abi/file.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { call, checked } from "../sys/call.ts";
import { OwnedFd, open, statAt, tryRead } from "../sys/file.ts";
import { bytes } from "../sys/memory.ts";
import { parseKeyedLines, readControlIfExists, writeControl } from "./control-file.ts";
import { drainWatch, openWatch } from "./file-watch.ts";
import type { ContainerCgroup } from "./types.ts";

const EFD_NONBLOCK = 0o4000;
const EFD_CLOEXEC = 0o2000000;
const EVENT_BYTES = 8;

export interface OomNotice {
  /** A process was killed for want of memory since the last look. */
  readonly oom: boolean;
  /** The container has no process left, or its cgroup is gone. */
  readonly ended: boolean;
}

/** `fd` becomes readable when there may be a notice: then `read` tells what it is. */
export class OomSource implements Disposable {
  readonly fd: number;
  readonly #cgroup: ContainerCgroup;
  #kills: number;

  /** `kills`: how many were counted before `fd` began to watch. */
  constructor(fd: number, cgroup: ContainerCgroup, kills: number) {
    this.fd = fd;
    this.#cgroup = cgroup;
    this.#kills = kills;
  }

  [Symbol.dispose](): void {
    call("close", this.fd);
  }

  read(): OomNotice {
    const cgroup = this.#cgroup;
    if (cgroup.tree === "v1") {
      return readV1Notice(this.fd, cgroup.paths["memory"] ?? "");
    }
    drainWatch(this.fd);
    const kills = countOomKills(cgroup);
    const oom = kills > this.#kills;
    this.#kills = kills;
    return { oom, ended: cgroup.tree === "none" || !isPopulated(cgroup.path) };
  }
}

/** An event means memory ran out, also where the OOM killer is off; or that the cgroup went away. */
function readV1Notice(eventFd: number, memory: string): OomNotice {
  const isSignalled = tryRead(eventFd, bytes(EVENT_BYTES)) > 0;
  const ended = statAt(AT_FDCWD, memory) === undefined;
  return { oom: isSignalled && !ended, ended };
}

function isPopulated(path: string): boolean {
  const events = readControlIfExists(path, "cgroup.events") ?? "";
  return parseKeyedLines(events).get("populated") === "1";
}

export function openOomSource(cgroup: ContainerCgroup): OomSource {
  if (cgroup.tree === "v2") {
    const kills = countOomKills(cgroup);
    const fd = openWatch([`${cgroup.path}/memory.events`, `${cgroup.path}/cgroup.events`]);
    return new OomSource(fd, cgroup, kills);
  }
  const memory = cgroup.tree === "v1" ? cgroup.paths["memory"] : undefined;
  if (memory === undefined) {
    throw new OcicatError("unsupported", {
      operation: "watch",
      subject: "the container's memory",
      reason: "it has no cgroup of the memory controller",
    });
  }
  return new OomSource(registerEvent(memory), cgroup, 0);
}

function registerEvent(memory: string): number {
  using event = new OwnedFd(
    checked(call("eventfd2", 0, EFD_NONBLOCK | EFD_CLOEXEC), "make", "an eventfd"),
  );
  // The kernel takes its own reference to the control file.
  using control = new OwnedFd(open(`${memory}/memory.oom_control`, O_RDONLY));
  writeControl(memory, "cgroup.event_control", `${event.number} ${control.number}`);
  return event.release();
}

/** How many processes of the container the OOM killer has ended so far; 0 where nobody counts. */
export function countOomKills(cgroup: ContainerCgroup): number {
  const [directory, file] = oomCount(cgroup);
  const text = directory === undefined ? undefined : readControlIfExists(directory, file);
  return Number(parseKeyedLines(text ?? "").get("oom_kill") ?? 0);
}

/** The file that countOomKills reads; undefined where nobody counts. */
export function oomCountPath(cgroup: ContainerCgroup): string | undefined {
  const [directory, file] = oomCount(cgroup);
  return directory === undefined ? undefined : `${directory}/${file}`;
}

function oomCount(cgroup: ContainerCgroup): readonly [directory: string | undefined, file: string] {
  return cgroup.tree === "v1"
    ? [cgroup.paths["memory"], "memory.oom_control"]
    : [cgroup.tree === "v2" ? cgroup.path : undefined, "memory.events"];
}
