// Execs that are there, found by their ids.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { containersWithExecs, ExecFolder, listExecIds } from "./exec-folder.ts";
import type { ExecRecord } from "./exec-record.ts";
import { type ExecStatus, execStatus } from "./exec-status.ts";
import { adoptOrphanedExecs } from "./orphaned-execs.ts";

/** An exec's folder and what stands in it. */
export class StoredExec implements Disposable {
  readonly folder: ExecFolder;
  readonly record: ExecRecord;
  readonly surroundings: Surroundings;

  constructor(folder: ExecFolder, record: ExecRecord, surroundings: Surroundings) {
    this.folder = folder;
    this.record = record;
    this.surroundings = surroundings;
  }

  status(): ExecStatus {
    return execStatus(this.folder, this.record);
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** By its id or the beginning of it; has a holder, if it runs. Throws "not-found". */
export async function openExec(word: string, options: SurroundingsOptions): Promise<StoredExec> {
  const surroundings = await readSurroundings(options);
  const place = find(word, surroundings);
  if (place !== undefined) {
    await adoptOrphanedExecs(surroundings, place.container, place.id);
  }
  const exec = place === undefined ? undefined : tryOpen(surroundings, place.container, place.id);
  if (exec === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `exec ${quote(word.slice(0, 200))}`,
      reason: "there is none of this id",
      hint: "`ocicat inspect --format '{{.ExecIDs}}' CONTAINER` lists a container's",
    });
  }
  return exec;
}

interface ExecIds {
  readonly container: string;
  readonly id: string;
}

/** Throws for the beginning of several ids. */
function find(word: string, surroundings: Surroundings): ExecIds | undefined {
  if (!/^[0-9a-f]{1,64}$/.test(word)) {
    return undefined;
  }
  const places = containersWithExecs(surroundings).flatMap((container) =>
    listExecIds(surroundings, container)
      .filter((id) => id.startsWith(word))
      .map((id) => ({ container, id })),
  );
  const [place, ...others] = places;
  if (others.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "find",
      subject: `exec ${quote(word)}`,
      reason: `${others.length + 1} ids begin so`,
    });
  }
  return place;
}

function tryOpen(
  surroundings: Surroundings,
  container: string,
  id: string,
): StoredExec | undefined {
  using stack = new DisposableStack();
  const folder = stack.use(ExecFolder.open(surroundings, container, id));
  const record = folder?.read();
  if (folder === undefined || record === undefined) {
    return undefined;
  }
  stack.move();
  return new StoredExec(folder, record, surroundings);
}
