// What is known of the run before, while a container is started again: it is set aside, and comes back when the
// start fails. By renaming alone, for which a full disk has room.
//
//   STORE/containers/ID/.before-exit.json, .before-started.json, .before-stopped, .before-died
//   STORE/containers/ID/start-failure      why the last start failed, a sentence; goes with the next one

import { OcicatError } from "../../error/ocicat-error.ts";
import { EXIT_RECORD_NAME } from "../../holder/exit-record.ts";
import {
  readTextAtIfExists,
  replaceBriefFileAt,
  tryRenameAt,
  tryUnlinkAt,
} from "../../sys/file.ts";
import { DIED_NAME, STARTED_NAME, STOPPED_NAME } from "./container-record.ts";

const NAMES = [EXIT_RECORD_NAME, STARTED_NAME, STOPPED_NAME, DIED_NAME] as const;
const FAILURE_NAME = "start-failure";
const FAILURE_LIMIT = 64 * 1024;

export class RunBefore {
  readonly #folderFd: number;
  readonly #names: readonly string[];

  /** Sets it aside. */
  constructor(folderFd: number) {
    this.#folderFd = folderFd;
    this.#names = NAMES.filter((name) => tryRenameAt(folderFd, name, asideOf(name)) === 0);
  }

  /** The start has failed, and its holder is gone: what that one may have written of an end is none of a run. */
  bringBack(): void {
    for (const name of NAMES) {
      if (this.#names.includes(name)) {
        tryRenameAt(this.#folderFd, asideOf(name), name);
      } else {
        tryUnlinkAt(this.#folderFd, name);
      }
    }
  }

  forget(): void {
    for (const name of this.#names) {
      tryUnlinkAt(this.#folderFd, asideOf(name));
    }
  }
}

function asideOf(name: string): string {
  return `.before-${name}`;
}

/** As far as there is room for it. */
export function noteStartFailure(folderFd: number, error: unknown): void {
  if (error instanceof OcicatError) {
    try {
      replaceBriefFileAt(folderFd, FAILURE_NAME, error.message);
    } catch {
      // The error itself is told.
    }
  }
}

export function forgetStartFailure(folderFd: number): void {
  tryUnlinkAt(folderFd, FAILURE_NAME);
}

/** Why it could not be started, if that is the last thing that happened to it. */
export function startFailure(folderFd: number): string | undefined {
  return readTextAtIfExists(folderFd, FAILURE_NAME, FAILURE_LIMIT);
}
