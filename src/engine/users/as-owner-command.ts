// What takes more than a few calls as root of a user namespace that has all ids of the user: this program,
// executed again in there by the command `as-owner`. What it has to say comes back line by line.

import { OcicatError } from "../../error/ocicat-error.ts";
import { actAsOwner } from "../../image/owners/act-as-owner.ts";
import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import type { OwnedLayer, OwnedLayers } from "../../image/unpack/unpack-as-owner.ts";
import type { IdMaps } from "../../plan/request.ts";
import { readAll } from "../../sys/file.ts";
import { decodeText } from "../../sys/memory.ts";
import { Pipe } from "../../sys/pipe.ts";
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
    };

/** An argument of a program has at most 128 KiB (MAX_ARG_STRLEN). */
const LAYERS_AT_ONCE = 50;
const ERROR_STREAM = 2;

/** As UnpackAsOwner. */
export function unpackByOurselves(layers: readonly OwnedLayer[], place: OwnedLayers): void {
  const counted = requireCounted();
  const maps = {
    uid: onHost(place.maps.uid, swapped(counted.uid), "user"),
    gid: onHost(place.maps.gid, swapped(counted.gid), "group"),
  };
  for (let start = 0; start < layers.length; start += LAYERS_AT_ONCE) {
    const some = layers.slice(start, start + LAYERS_AT_ONCE);
    executeAsOwner({ kind: "unpack", layers: some, place: { ...place, maps } }, counted);
  }
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
  const writeFd = pipe.writer.number;
  const words = [...ownCommand(), OWNER_COMMAND, JSON.stringify(task)];
  const code = actAsOwner({
    counted,
    because: "owners",
    keepFds: [writeFd],
    act: (program) => {
      const path = program.text(words[0] ?? "");
      const args = program.stringVector(words, `[${OWNER_COMMAND}]`);
      const environment = ownEnvironment();
      const variables = program.stringVector(environment, `${environment.length} variables`);
      program.call("dup3", [writeFd, ERROR_STREAM, 0]);
      program.call("execve", [path, args, variables], { describes: "act as another owner" });
    },
  });
  pipe.writer[Symbol.dispose]();
  const said = decodeText(readAll(pipe.reader.number, "what it says")).split("\n").filter(Boolean);
  if (code !== 0) {
    throw new OcicatError("unavailable", {
      operation: "prepare",
      subject: task.kind === "unpack" ? "the image for the container's ids" : "the volume",
      reason: said.join("; ").replace(/^ocicat: /, "") || `who does it ended with ${code}`,
    });
  }
  return said;
}
