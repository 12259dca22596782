// What the engine remembers of a container, in its folder (container-folder.ts):
//
//   container.json    {"version": 1, "id", "name", "created", "image", "options"}: ContainerRecord. Written
//                     when the container is created, replaced as a whole when something of it changes;
//                     forced to the disk unless the container is removed at its end
//   started.json      {"version": 1, "startedMs", "holderPid", "holderStartTime", "restarts", "killedHolders",
//                     "imageMounts", "phases"}: StartRecord, of its last start. A start removes the exit
//                     record of the one before it first. Not forced to the disk: a power cut ends what it
//                     tells of
//   stopped           empty: a user ended it, so no restart policy starts it again
//   again             it is started again when it has ended: by its holder, as it is unhealthy, if this is empty;
//                     else by the process that restarts it: {"pid", "startTime"}, as /proc tells it
//   died              the event of its end has been recorded (src/engine/events/record-end.ts). "oom": the
//                     kernel has ended processes of it for want of memory; else empty
//
// Whether it runs is in neither: that is asked of the processes (container-status.ts).

import { O_CREAT, O_RDONLY, O_WRONLY } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { parseOwn } from "../../store/parse-json.ts";
import { call, checked } from "../../sys/call.ts";
import {
  isTorn,
  OwnedFd,
  openAt,
  readTextAtIfExists,
  replaceBriefFileAt,
  replaceFileAt,
  statAt,
  tryOpenAt,
  tryUnlinkAt,
} from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import type { PhaseTime } from "../../sys/phases.ts";
import { isAlive, type NamedProcess } from "../../sys/process.ts";
import type { RunContainerOptions } from "../run-options.ts";
import type { RecordedImage } from "./recorded-image.ts";

export const RECORD_NAME = "container.json";
export const STARTED_NAME = "started.json";
export const STOPPED_NAME = "stopped";
const AGAIN_NAME = "again";
export const DIED_NAME = "died";
const OOM_WORD = "oom";
const VERSION = 1;
const READING = "read a container's";
const SIZE_LIMIT = 4 * 1024 * 1024;

/** What a later start needs of what the container was made with. */
export type StoredOptions = Omit<
  RunContainerOptions,
  | "progress"
  | "signal"
  | "onWarning"
  | "outputFd"
  | "standsStill"
  | "storeRoot"
  | "stateRoot"
  | "detach"
>;

export interface ContainerRecord {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** RFC 3339. */
  readonly created: string;
  /** Absent: it is made from a folder, or hello. */
  readonly image?: RecordedImage;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly options: StoredOptions;
}

export interface StartRecord {
  readonly startedMs: number;
  /** 0: whoever started it was killed before it knew. */
  readonly holderPid: number;
  /** As /proc tells it; with the pid it names one process. */
  readonly holderStartTime: string;
  /** How often its restart policy has started it since a user did. */
  readonly restarts: number;
  /** How many holders before this one were killed while it ran; absent: none. */
  readonly killedHolders?: number;
  /** Which mounted images it uses (src/image/image-mount.ts); absent: none. */
  readonly imageMounts?: readonly string[];
  /** Of the start itself, in order; absent: it has not come that far. */
  readonly phases?: readonly PhaseTime[];
}

/**
 * It survives a power cut, with all that was made before it, unless the container is only there for as long
 * as it runs. Behind the rename: what is cut short before has no record, and nobody was told of it.
 */
export function writeContainerRecord(folderFd: number, record: ContainerRecord): void {
  const text = JSON.stringify({ version: VERSION, ...record });
  requireReadable(text);
  replaceFileAt(folderFd, RECORD_NAME, text);
  if (!record.options.remove) {
    using file = new OwnedFd(openAt(folderFd, RECORD_NAME, O_RDONLY));
    checked(call("fsync", file.number), "write to the disk", RECORD_NAME);
  }
}

function requireReadable(text: string): void {
  const { length } = encodeText(text);
  if (length > SIZE_LIMIT) {
    throw new OcicatError("exhausted", {
      operation: "remember",
      subject: "what the container is made with",
      reason: `it has ${length} bytes, more than ${SIZE_LIMIT}`,
      hint: "a file that is mounted can hold what is too much for labels and variables",
    });
  }
}

/** Undefined: the folder is of a container that never came to be, or is being removed. */
export function readContainerRecord(folderFd: number): ContainerRecord | undefined {
  const text = readRecordText(folderFd);
  return text === undefined || isTorn(text)
    ? undefined
    : parseRecord<ContainerRecord>(text, RECORD_NAME);
}

function readRecordText(folderFd: number): string | undefined {
  try {
    return readTextAtIfExists(folderFd, RECORD_NAME, SIZE_LIMIT);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "exhausted") {
      throw unreadable(RECORD_NAME, error.reason);
    }
    throw error;
  }
}

export function writeStartRecord(folderFd: number, record: StartRecord): void {
  replaceBriefFileAt(folderFd, STARTED_NAME, JSON.stringify({ version: VERSION, ...record }));
}

export function readStartRecord(folderFd: number): StartRecord | undefined {
  const text = readTextAtIfExists(folderFd, STARTED_NAME, SIZE_LIMIT);
  if (text === undefined) {
    return undefined;
  }
  return isTorn(text) || parseOwn(text) === undefined
    ? START_OF_THE_PAST
    : parseRecord<StartRecord>(text, STARTED_NAME);
}

const START_OF_THE_PAST: StartRecord = {
  startedMs: 0,
  holderPid: 0,
  holderStartTime: "",
  restarts: 0,
};

export function removeStartRecord(folderFd: number): void {
  tryUnlinkAt(folderFd, STARTED_NAME);
  tryUnlinkAt(folderFd, STOPPED_NAME);
  tryUnlinkAt(folderFd, AGAIN_NAME);
  tryUnlinkAt(folderFd, DIED_NAME);
}

/** A user ends it: before it is signalled. Where nothing can be written nobody starts it again either. */
export function noteStop(folderFd: number): void {
  using _file = new OwnedFd(tryOpenAt(folderFd, STOPPED_NAME, O_WRONLY | O_CREAT, 0o600));
}

/** It is ended to be started again, whatever its restart policy says: before it is signalled. */
export function noteRestart(folderFd: number, by?: NamedProcess): void {
  replaceFileAt(folderFd, AGAIN_NAME, by === undefined ? "" : JSON.stringify(by));
}

export function forgetRestart(folderFd: number): void {
  tryUnlinkAt(folderFd, AGAIN_NAME);
}

/** Not where who restarts it was killed. */
export function isToRestart(folderFd: number): boolean {
  const text = readTextAtIfExists(folderFd, AGAIN_NAME, SIZE_LIMIT);
  const by = text === undefined || text === "" ? undefined : parseOwn<NamedProcess>(text);
  return by === undefined ? text === "" : isAlive(by);
}

export function isStopped(folderFd: number): boolean {
  return statAt(folderFd, STOPPED_NAME) !== undefined;
}

/** The event of its end has been recorded. What it had is given back, whatever the disk allows. */
export function noteEndTold(folderFd: number, { isOom }: { readonly isOom: boolean }): void {
  try {
    replaceFileAt(folderFd, DIED_NAME, isOom ? OOM_WORD : "");
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
  }
}

/** Processes of it were ended for want of memory in its last run, which is over. */
export function wasOutOfMemory(folderFd: number): boolean {
  return readTextAtIfExists(folderFd, DIED_NAME, SIZE_LIMIT) === OOM_WORD;
}

export function isEndTold(folderFd: number): boolean {
  return statAt(folderFd, DIED_NAME) !== undefined;
}

/** The engine alone writes these files: what has our version is as we wrote it, unless the disk has lost some. */
function parseRecord<Record>(text: string, name: string): Record {
  const value = parseOwn<Record & { readonly version?: unknown }>(text);
  if (value?.version === VERSION) {
    return value;
  }
  if (typeof value?.version !== "number") {
    throw unreadable(name, "it is damaged");
  }
  throw new OcicatError("unsupported", {
    operation: READING,
    subject: name,
    reason: `its version ${value.version} is not ${VERSION}`,
    hint: `use the ocicat that made the container; ${REMOVAL}, too`,
  });
}

const REMOVAL = "`ocicat rm --force ID` removes the container";

function unreadable(subject: string, reason: string): OcicatError {
  return new OcicatError("invalid-config", { operation: READING, subject, reason, hint: REMOVAL });
}

/** A record is damaged, too large, or of another version. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof OcicatError && error.operation === READING;
}
