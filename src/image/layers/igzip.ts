// Inflating by igzip (Debian's package isal), which takes half of zlib's time. The program writes the
// archive into the layer file itself, and this process reads it from there while the program works on what
// comes next: a pipe between them would cost what is saved.
//
//   chunks --pipe--> igzip --write--> layer file --read--> consume
//   or blob --read-->
//
// A blob that is in a file as a whole it reads from there, at its own pace; the chunks are then for those
// who verify the blob.
//
// What comes out is believed as little as what comes in: the archive has to have its DiffID. Whatever is wrong
// with it then, the layer is made once more without the program, and that says what it is.

import { OcicatError } from "../../error/ocicat-error.ts";
import { call, checked } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import { OwnedFd, statAt } from "../../sys/file.ts";
import { bytes, getU64, setU64, words } from "../../sys/memory.ts";
import { Pipe } from "../../sys/pipe.ts";
import { readAt } from "../../sys/positioned.ts";
import type { Chunks } from "./inflate.ts";

const SEEK_SET = 0;
const RLIMIT_FSIZE = 1;
/** What is read at once stays in the processor's cache until it is hashed. */
const READ_BYTES = 256 * 1024;
/** Starting a program takes as long as zlib takes for this much. */
const WORTH_BYTES = 2 * 1024 * 1024;
/** In that time the program writes less than the cache of the processor holds. */
const LOOK_MS = 4;
const SUBJECT = "a layer file";

/** Undefined: it is not installed, or not worth it for a blob of this size. */
export function inflaterFor({ size }: { readonly size: number }): string | undefined {
  return size < WORTH_BYTES ? undefined : (Bun.which("igzip") ?? undefined);
}

export interface InflateTarget {
  /** Open for reading and writing. Its own position is changed. */
  readonly fd: number;
  /** Where the archive is to begin. */
  readonly offset: number;
  /** The file cannot grow beyond that. */
  readonly mostBytes: number;
}

export interface CompressedInput {
  /** From the beginning. */
  readonly chunks: Chunks;
  /** A file with all of them, whose position is at its beginning and is changed. */
  readonly fd?: number | undefined;
}

/**
 * `consume` gets the archive piece by piece when the file has it; it must not keep a piece. What it throws
 * ends everything.
 */
export async function inflateInto(
  program: string,
  { chunks, fd }: CompressedInput,
  target: InflateTarget,
  consume: (piece: Uint8Array) => void,
): Promise<void> {
  const inflater = new Inflater(program, { fd, target }, consume);
  try {
    for await (const chunk of chunks) {
      await inflater.feed(chunk);
    }
    await inflater.finish();
  } finally {
    await inflater.end();
  }
}

class Inflater {
  readonly #program: string;
  readonly #target: InflateTarget;
  readonly #consume: (piece: Uint8Array) => void;
  readonly #child: Bun.Subprocess;
  /** Undefined: the program reads a file. */
  readonly #input: OwnedFd | undefined;
  readonly #buffer = bytes(READ_BYTES);
  #feeding: Promise<void> = Promise.resolve();
  #at: number;

  constructor(
    program: string,
    { fd, target }: { readonly fd: number | undefined; readonly target: InflateTarget },
    consume: (piece: Uint8Array) => void,
  ) {
    this.#program = program;
    this.#target = target;
    this.#consume = consume;
    this.#at = target.offset;
    checked(call("lseek", target.fd, target.offset, SEEK_SET), "go to the archive of", SUBJECT);
    using pipe = fd === undefined ? new Pipe() : undefined;
    this.#child = start(program, fd ?? pipe?.reader.number ?? -1, target);
    this.#input = pipe && new OwnedFd(pipe.writer.release());
  }

  /** The program works on it while what came of those before is consumed. */
  async feed(chunk: Uint8Array): Promise<void> {
    await this.#feeding;
    if (this.#input !== undefined) {
      this.#feeding = this.#write(this.#input.number, chunk);
      this.#feeding.catch(() => undefined);
    }
    this.#drain();
  }

  /** After the last chunk. */
  async finish(): Promise<void> {
    await this.#feeding;
    this.#input?.[Symbol.dispose]();
    const { exited } = this.#child;
    // The program does not say when it has written something.
    const soon = () => Bun.sleep(LOOK_MS).then(() => undefined);
    let status: number | undefined;
    while (status === undefined) {
      this.#drain();
      status = await Promise.race([exited, soon()]);
    }
    this.#drain();
    if (status !== 0) {
      throw failure(this.#program, { reason: `it ended with ${status}` });
    }
  }

  /** However it ended. The pipe is closed when no thread writes to it any more. */
  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    await this.#feeding.catch(() => undefined);
    this.#input?.[Symbol.dispose]();
  }

  /** On another thread: the pipe is full until the program has room for more. */
  async #write(fd: number, chunk: Uint8Array): Promise<void> {
    const { write } = await import("node:fs");
    for (let done = 0; done < chunk.length; ) {
      done += await new Promise<number>((resolve, reject) => {
        write(fd, chunk, done, chunk.length - done, (error, count) => {
          if (error === null) {
            resolve(count);
          } else {
            const reason = "it takes no more";
            reject(failure(this.#program, { reason, cause: error }));
          }
        });
      });
    }
  }

  #drain(): void {
    const { fd } = this.#target;
    const end = statAt(fd, "")?.size ?? 0;
    while (this.#at < end) {
      const wanted = this.#buffer.subarray(0, Math.min(READ_BYTES, end - this.#at));
      const count = readAt(fd, wanted, this.#at, SUBJECT);
      this.#at += count;
      this.#consume(wanted.subarray(0, count));
    }
  }
}

function start(program: string, inputFd: number, target: InflateTarget): Bun.Subprocess {
  using _limit = new FileSizeLimit(target.mostBytes);
  try {
    return Bun.spawn([program, "-d", "-c"], {
      stdin: inputFd,
      stdout: target.fd,
      stderr: "ignore",
      env: {},
      cwd: "/",
    });
  } catch (error) {
    throw failure(program, { reason: "it could not be started", cause: error });
  }
}

function failure(
  program: string,
  why: { readonly reason: string; readonly cause?: unknown },
): OcicatError {
  const subject = `a layer in gzip by ${program}`;
  return new OcicatError("invalid-config", { operation: "decompress", subject, ...why });
}

/**
 * What a few bytes can become is not to fill the disk before anybody looks. The program has the limit from
 * its start on, inherited: this process has it until then, and writes no file meanwhile.
 */
class FileSizeLimit implements Disposable {
  /** Soft, hard. */
  readonly #before = words(4);

  constructor(most: number) {
    const limit = words(4);
    checked(prlimit(0, addressOf(this.#before)), "read the limit of", SUBJECT);
    limit.set(this.#before);
    if (most < getU64(this.#before, 2)) {
      setU64(limit, 0, most);
    }
    checked(prlimit(addressOf(limit), 0), "limit", SUBJECT);
  }

  [Symbol.dispose](): void {
    prlimit(addressOf(this.#before), 0);
  }
}

function prlimit(fresh: number, before: number): number {
  return call("prlimit64", 0, RLIMIT_FSIZE, fresh, before);
}
