// What takes more than a few calls as root of a user namespace that has all ids of the user: this program,
// executed again in there by the command `as-owner`. What it has to say comes back line by line.

import { type ErrorCode, type ErrorDetails, OcicatError } from "../../error/ocicat-error.ts";
import { actAsOwner, actAttended, type OwnersWork } from "../../image/owners/act-as-owner.ts";
import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import type { ByteSink } from "../../image/tar/tar-writer.ts";
import type { OwnedLayer, OwnedLayers } from "../../image/unpack/unpack-as-owner.ts";
import type { IdMaps } from "../../plan/request.ts";
import { checked } from "../../sys/call.ts";
import { readAll, tryRead } from "../../sys/file.ts";
import { bytes, decodeText } from "../../sys/memory.ts";
import { Pipe } from "../../sys/pipe.ts";
import { untilReady } from "../../sys/waiting.ts";
import type { CopyFiles } from "../containers/copy-side.ts";
import { ownCommand, ownEnvironment } from "../own-command.ts";
import type { RunVolume } from "../run-options.ts";
import { onHost, swapped } from "./nested-ids.ts";

export const OWNER_COMMAND = "as-owner";

/** The command's argument, as JSON. */
export type OwnersTask =
  | {
      readonly kind: "unpack";
      readonly layers: readonly OwnedLayer[];
      /** With maps from the image's ids to those that are counted. */
      readonly place: OwnedLayers;
    }
  | {
      readonly kind: "fill";
      /** The volume's folder. */
      readonly path: string;
      /** The image's directories, topmost first. */
      readonly lower: readonly string[];
      readonly volume: RunVolume;
    }
  | {
      /** What overlayfs has left in its own folder, at this path. */
      readonly kind: "forget";
      readonly path: string;
    }
  | {
      /** The merged folders, topmost first, as an archive to standard output. */
      readonly kind: "export";
      readonly folders: readonly string[];
      /** From ids inside to those that are counted. */
      readonly maps: IdMaps;
    }
  | {
      /** What the upper layer changes: a line of JSON for each change. */
      readonly kind: "compare";
      readonly upper: string;
      readonly lower: readonly string[];
    }
  | {
      /** The upper layer as an image's layer, to standard output. */
      readonly kind: "commit";
      readonly upper: string;
      readonly lower: readonly string[];
      readonly leftOut: readonly string[];
      /** As WrittenLayer has it. */
      readonly isOnlyOne: boolean;
      readonly maps: IdMaps;
    }
  | CopyTask;

/** cp: between two places, from one to standard output, or from standard input into one. */
export interface CopyTask {
  readonly kind: "copy";
  readonly from?: CopyFiles;
  readonly to?: CopyFiles;
  readonly archive: boolean;
  readonly followLink: boolean;
  readonly overwrite: boolean;
}

/** An argument of a program has at most 128 KiB (MAX_ARG_STRLEN). */
const LAYERS_AT_ONCE = 50;
const CHUNK_BYTES = 1024 * 1024;

/** As UnpackAsOwner. */
export function unpackByOurselves(layers: readonly OwnedLayer[], place: OwnedLayers): void {
  const counted = requireCounted();
  const maps = countedMaps(place.maps, counted);
  for (let start = 0; start < layers.length; start += LAYERS_AT_ONCE) {
    const some = layers.slice(start, start + LAYERS_AT_ONCE);
    executeAsOwner({ kind: "unpack", layers: some, place: { ...place, maps } }, counted);
  }
}

/** From the ids inside to those that are counted. */
export function countedMaps({ uid, gid }: IdMaps, counted: IdMaps): IdMaps {
  return {
    uid: onHost(uid, swapped(counted.uid), "user"),
    gid: onHost(gid, swapped(counted.gid), "group"),
  };
}

function requireCounted(): IdMaps {
  const counted = rootlessIdMaps(process.env["USER"]);
  if (counted === undefined) {
    throw new OcicatError("internal", {
      operation: "act",
      subject: "as another owner",
      reason: "root needs no help",
    });
  }
  return counted;
}

/** Returns what it said: warnings. */
export function executeAsOwner(task: OwnersTask, counted: IdMaps): readonly string[] {
  using pipe = new Pipe();
  const code = actAsOwner(ownersWork(task, { counted, errorFd: pipe.writer.number }));
  pipe.writer[Symbol.dispose]();
  return saidBy(task, code, pipe);
}

export interface StreamedTask {
  readonly task: OwnersTask;
  readonly counted: IdMaps;
  /** Its standard input. */
  readonly inputFd?: number;
  /** Others that the task names by their numbers. */
  readonly keepFds?: readonly number[];
  /** What it writes to its standard output. */
  readonly onOutput?: ByteSink;
}

/** As executeAsOwner, for a task with more than that to read or to write. */
export async function streamAsOwner(streamed: StreamedTask): Promise<readonly string[]> {
  const { task, onOutput } = streamed;
  using errors = new Pipe();
  using output = new Pipe();
  const fds = { errorFd: errors.writer.number, outputFd: output.writer.number };
  const code = await actAttended(ownersWork(task, { ...streamed, ...fds }), async () => {
    errors.writer[Symbol.dispose]();
    output.writer[Symbol.dispose]();
    // Without a reader it ends.
    using reader = output.reader;
    await passOn(reader.number, onOutput);
  });
  return saidBy(task, code, errors);
}

async function passOn(fd: number, sink: ByteSink = () => undefined): Promise<void> {
  const buffer = bytes(CHUNK_BYTES);
  for (;;) {
    await untilReady(fd);
    const count = checked(tryRead(fd, buffer), "read", "what another owner writes");
    if (count === 0) {
      return;
    }
    await sink(buffer.subarray(0, count));
  }
}

type Descriptors = Pick<StreamedTask, "counted" | "inputFd" | "keepFds"> & {
  readonly errorFd: number;
  readonly outputFd?: number;
};

function ownersWork(
  task: OwnersTask,
  { counted, inputFd, outputFd, errorFd, keepFds = [] }: Descriptors,
): OwnersWork {
  const words = [...ownCommand(), OWNER_COMMAND, JSON.stringify(task)];
  const streams = [inputFd, outputFd, errorFd];
  return {
    counted,
    because: "owners",
    keepFds: [...streams.filter((fd) => fd !== undefined), ...keepFds],
    act: (program) => {
      const path = program.text(words[0] ?? "");
      const args = program.stringVector(words, `[${OWNER_COMMAND}]`);
      const environment = ownEnvironment();
      const variables = program.stringVector(environment, `${environment.length} variables`);
      for (const [number, fd] of streams.entries()) {
        if (fd !== undefined && fd !== number) {
          program.call("dup3", [fd, number, 0]);
        }
      }
      program.call("execve", [path, args, variables], { describes: "act as another owner" });
    },
  };
}

const SUBJECTS = {
  unpack: "the image for the container's ids",
  fill: "the volume",
  forget: "the container's writable layer",
  export: "the container's files",
  compare: "the container's files",
  commit: "the container's layer",
  copy: "files",
} as const satisfies Record<OwnersTask["kind"], string>;

/** It has refused: the last line of what it says is an OwnersRefusal. */
export const REFUSED = 3;

export interface OwnersRefusal extends ErrorDetails {
  readonly code: ErrorCode;
}

function saidBy({ kind }: OwnersTask, code: number, { reader }: Pipe): readonly string[] {
  const said = decodeText(readAll(reader.number, "what it says")).split("\n").filter(Boolean);
  if (code === REFUSED) {
    const { code: refusal, ...details }: OwnersRefusal = JSON.parse(said.at(-1) ?? "");
    throw new OcicatError(refusal, details);
  }
  if (code !== 0) {
    throw new OcicatError("unavailable", {
      operation: "prepare",
      subject: SUBJECTS[kind],
      reason: said.join("; ").replace(/^ocicat: /, "") || `who does it ended with ${code}`,
    });
  }
  return said;
}
