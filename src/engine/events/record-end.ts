// The event "die", and "oom" before it: told once for each end of a container, by whoever settles it. The
// file `died` in the container's folder says that they have been told; the next start removes it. One that
// is killed between the two tells them again, with the same `once`.

import { OcicatError } from "../../error/ocicat-error.ts";
import { readExitRecord } from "../../holder/exit-record.ts";
import { oomKillsOf } from "../../runtime/oom-kills.ts";
import {
  type ContainerRecord,
  isEndTold,
  noteEndTold,
  readStartRecord,
} from "../containers/container-record.ts";
import type { ContainerStatus } from "../containers/container-status.ts";
import { holderIsAlive } from "../containers/holder-process.ts";
import type { Surroundings } from "../surroundings.ts";
import { recordContainerEvent } from "./container-event.ts";
import { recordVolumesOf } from "./record-volume-event.ts";

interface EndedContainer {
  readonly record: ContainerRecord;
  readonly folder: { readonly fd: number };
  readonly surroundings: Pick<Surroundings, "storeRoot" | "containerStateRoot">;
}

/** The container's lock is held. One that has not ended is left alone. */
export function recordEnd(container: EndedContainer, status: ContainerStatus): void {
  const { record, folder } = container;
  const end = endOf(status, folder.fd);
  if (end === undefined || isEndTold(folder.fd)) {
    return;
  }
  const { startedMs, ...attributes } = end;
  const isOom = end["exitCode"] !== "0" && oomKills(container) > 0;
  if (isOom) {
    recordContainerEvent(container, "oom", { once: `oom ${record.id} ${startedMs}` });
  }
  const once = `die ${record.id} ${startedMs}`;
  recordContainerEvent(container, "die", { ...attributes, once });
  recordVolumesOf(container, "unmount");
  if (!record.options.remove) {
    noteEndTold(folder.fd, { isOom });
  }
}

/** Its holder has counted them, unless it was killed; then its cgroup does, if it is still there. */
function oomKills({ record, folder, surroundings }: EndedContainer): number {
  try {
    const counted = readExitRecord(folder.fd)?.oomKills ?? 0;
    return counted || oomKillsOf({ stateRoot: surroundings.containerStateRoot, id: record.id });
  } catch (error) {
    if (error instanceof OcicatError) {
      return 0;
    }
    throw error;
  }
}

type End = Readonly<Record<string, string>> & { readonly startedMs: string };

/** Attributes, as docker names them. */
function endOf(status: ContainerStatus, folderFd: number): End | undefined {
  switch (status.kind) {
    case "exited": {
      const { startedMs, finishedMs, code, signal } = status;
      const seconds = Math.max(0, Math.floor((finishedMs - startedMs) / 1000));
      return {
        startedMs: String(startedMs),
        exitCode: String(code),
        ...(signal === undefined ? {} : { signal: String(signal) }),
        execDuration: String(seconds),
      };
    }
    case "lost": {
      const started = readStartRecord(folderFd);
      const isEnding = started !== undefined && holderIsAlive(started);
      const { startedMs, reason } = status;
      return isEnding ? undefined : { startedMs: String(startedMs), exitCode: "unknown", reason };
    }
    default:
      return undefined;
  }
}
