// logs: what a container has written, and goes on to write.
//
// The holder rotates the file that it writes by renaming it, and opens a new one. A reader that follows
// keeps its file open, reads it to its end when another has taken its place, and goes on there: nothing is
// missed as long as it is not a whole set of files behind.

import { O_RDONLY } from "../../abi/file.ts";
import { POLLIN } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type LogEntry, LogReader } from "../../holder/log-entry.ts";
import { checked } from "../../sys/call.ts";
import { OwnedFd, statAt, tryOpenAt, tryRead } from "../../sys/file.ts";
import { FolderWatch } from "../../sys/inotify.ts";
import { bytes } from "../../sys/memory.ts";
import { giveTurn, pollInLoop } from "../../sys/waiting.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { hasNewHolder } from "./adopt-container.ts";
import { openHolder } from "./await-end.ts";
import { type ContainerRecord, readStartRecord, type StartRecord } from "./container-record.ts";
import { LineTail } from "./line-tail.ts";
import { LOG_NAME } from "./start-container.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

export interface LogOptions extends SurroundingsOptions {
  /** Wait for more until the container has ended. */
  readonly follow: boolean;
  /** Lines from the end; absent: all. */
  readonly tail?: number;
  /** Since 1970, in milliseconds. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

const MOST_FILES = 100;
const CHUNK_BYTES = 64 * 1024;
/** What else a program has to do does not wait for a whole log. */
const CHUNKS_A_TURN = 16;

/** Calls `show` with each entry, in order. Its content is only valid during the call. */
export async function readContainerLog(
  word: string,
  options: LogOptions,
  show: (entry: LogEntry) => void,
): Promise<void> {
  using container = await openContainer(word, options);
  requireLog(container);
  const { tail } = options;
  const isWanted = timeFilter(options);
  const shown = (entry: LogEntry): void => {
    if (isWanted(entry)) {
      show(entry);
    }
  };
  using watch = options.follow ? new FolderWatch(container.folder.path) : undefined;
  using files = new LogFiles(container.folder.fd);
  if (tail === undefined) {
    await files.read(shown);
  } else {
    const kept = new LineTail(tail);
    await files.read((entry) => {
      if (isWanted(entry)) {
        kept.add(entry);
      }
    });
    kept.forEach(show);
  }
  if (watch !== undefined) {
    await follow(container, { watch, files, show: shown });
  }
}

/**
 * What several containers have written, one after the other; where they are followed, all at the same time.
 * `showOf`: what is called with the entries of a container.
 */
export async function readContainerLogs(
  words: readonly string[],
  options: LogOptions,
  showOf: (record: ContainerRecord) => (entry: LogEntry) => void,
): Promise<void> {
  const logs: { readonly id: string; readonly show: (entry: LogEntry) => void }[] = [];
  for (const word of words) {
    using container = await openContainer(word, options);
    requireLog(container);
    logs.push({ id: container.record.id, show: showOf(container.record) });
  }
  if (options.follow) {
    await Promise.all(logs.map(({ id, show }) => readContainerLog(id, options, show)));
    return;
  }
  for (const { id, show } of logs) {
    await readContainerLog(id, options, show);
  }
}

function requireLog({ record: { name, options } }: StoredContainer): void {
  if (options.log?.driver === "none") {
    throw new OcicatError("unavailable", {
      operation: "read the log of",
      subject: `container ${quote(name)}`,
      reason: "it keeps none: it was created with --log-driver none",
    });
  }
}

/** Texts of times sort as times do. */
function timeFilter({ sinceMs, untilMs }: LogOptions): (entry: LogEntry) => boolean {
  const since = sinceMs === undefined ? "" : new Date(sinceMs).toISOString().slice(0, -1);
  const until = untilMs === undefined ? "~" : new Date(untilMs).toISOString().slice(0, -1);
  return ({ time }) => time >= since && time <= `${until}~`;
}

interface Following {
  readonly watch: FolderWatch;
  readonly files: LogFiles;
  readonly show: (entry: LogEntry) => void;
}

async function follow(container: StoredContainer, following: Following): Promise<void> {
  let before: StartRecord | undefined;
  do {
    before = readStartRecord(container.folder.fd);
    using holder = openHolder(container);
    await followHolder(holder, following);
  } while (hasNewHolder(container, before));
}

async function followHolder(
  holder: OwnedFd | undefined,
  { watch, files, show }: Following,
): Promise<void> {
  let isOver = holder === undefined;
  for (;;) {
    await files.read(show);
    if (isOver || holder === undefined) {
      return;
    }
    const [, ended = 0] = await pollInLoop([
      { fd: watch.fd, events: POLLIN },
      { fd: holder.number, events: POLLIN },
    ]);
    watch.drain();
    isOver = ended !== 0;
  }
}

/** The files of a log, read from the oldest on. */
class LogFiles implements Disposable {
  readonly #folderFd: number;
  readonly #buffer = bytes(CHUNK_BYTES);
  readonly #reader = new LogReader();
  #current: OwnedFd | undefined;
  #hasBegun = false;

  constructor(folderFd: number) {
    this.#folderFd = folderFd;
  }

  /** All that is there now and has not been read. */
  async read(show: (entry: LogEntry) => void): Promise<void> {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      await this.#readOlder(show);
    }
    for (;;) {
      this.#current ??= this.#open(LOG_NAME);
      if (this.#current === undefined) {
        return;
      }
      await this.#readFile(this.#current, show);
      if (!this.#isRotated(this.#current)) {
        return;
      }
      // What came between the last read and the rotation.
      await this.#readFile(this.#current, show);
      this.#current[Symbol.dispose]();
      this.#current = undefined;
    }
  }

  [Symbol.dispose](): void {
    this.#current?.[Symbol.dispose]();
  }

  async #readOlder(show: (entry: LogEntry) => void): Promise<void> {
    for (let number = MOST_FILES; number > 0; number--) {
      using file = this.#open(`${LOG_NAME}.${number}`);
      if (file !== undefined) {
        await this.#readFile(file, show);
      }
    }
  }

  #open(name: string): OwnedFd | undefined {
    const fd = tryOpenAt(this.#folderFd, name, O_RDONLY);
    return fd < 0 ? undefined : new OwnedFd(fd);
  }

  async #readFile(file: OwnedFd, show: (entry: LogEntry) => void): Promise<void> {
    for (let chunks = 1; ; chunks += 1) {
      const count = checked(tryRead(file.number, this.#buffer), "read", "the container's log");
      if (count === 0) {
        return;
      }
      for (const entry of this.#reader.push(this.#buffer.subarray(0, count))) {
        show(entry);
      }
      if (chunks % CHUNKS_A_TURN === 0) {
        await giveTurn();
      }
    }
  }

  #isRotated(file: OwnedFd): boolean {
    const named = statAt(this.#folderFd, LOG_NAME);
    return named === undefined || named.inode !== statAt(file.number, "")?.inode;
  }
}
