// Volumes: folders that outlive containers.
//
//   STORE/volumes/              its lock (flock): shared by whoever makes a container with volumes, until
//                               the container's record names them; whole for whoever removes volumes
//     NAME/_data/               what containers see
//     NAME/volume.json          {"version": 1, "created", "labels", "anonymous", "options"}: VolumeRecord
//     .NAME                     half made or half removed: nobody's
//
// A folder is made under a name with a dot and renamed, so a volume is whole or not there.

import { LOCK_EX, LOCK_SH, O_RDONLY, RENAME_NOREPLACE } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { inStore } from "../../store/closed-store.ts";
import { parseOwn } from "../../store/parse-json.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { statByteAt } from "../../sys/byte-path.ts";
import { call, checked } from "../../sys/call.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import {
  makeDirectories,
  OwnedFd,
  open,
  openAt,
  readTextAtIfExists,
  replaceFileAt,
  stat,
  tryFlock,
  tryMkdirAt,
} from "../../sys/file.ts";
import { cstring } from "../../sys/memory.ts";
import { recordVolumeEvent } from "../events/record-volume-event.ts";
import type { IdMaps } from "../run-spec.ts";
import { checkVolumeName, isVolumeName } from "../run-volumes.ts";
import type { VolumeOptions } from "./volume-options.ts";

export interface VolumeRecord {
  /** RFC 3339. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Made for one container, which gave it no name. */
  readonly anonymous: boolean;
  /** As volume-options.ts has them; absent: it is its folder. */
  readonly options?: VolumeOptions;
}

export interface Volume extends VolumeRecord {
  readonly name: string;
  /** Its _data. */
  readonly path: string;
}

const RECORD_NAME = "volume.json";
const DATA_NAME = "_data";
const VERSION = 1;
/** As the folders of containers are. */
const PRIVATE = 0o700;

export function volumesFolder(storeRoot: string): string {
  return `${storeRoot}/volumes`;
}

export class VolumeStore implements Disposable {
  readonly #storeRoot: string;
  readonly #path: string;
  readonly #folder: OwnedFd;

  /** Makes the folder. "whole": nobody makes a container with volumes meanwhile. */
  constructor(storeRoot: string, lock: "shared" | "whole") {
    this.#storeRoot = storeRoot;
    this.#path = volumesFolder(storeRoot);
    inStore(storeRoot, () => makeDirectories(this.#path, PRIVATE));
    const { O_DIRECTORY } = hostArchitecture.openFlags;
    this.#folder = new OwnedFd(open(this.#path, O_RDONLY | O_DIRECTORY));
    const operation = lock === "whole" ? LOCK_EX : LOCK_SH;
    checked(tryFlock(this.#folder.number, operation), "lock", "the volumes");
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  find(name: string): Volume | undefined {
    if (!isVolumeName(name)) {
      return undefined;
    }
    const text = readTextAtIfExists(this.#folder.number, `${name}/${RECORD_NAME}`);
    if (text === undefined) {
      return undefined;
    }
    const { version, ...record } = parseOwn<StoredRecord>(text) ?? this.#recordOfFolder(name);
    if (version !== VERSION) {
      throw new OcicatError("unsupported", {
        operation: "read",
        subject: `the volume ${quote(name)}`,
        reason: `its version ${String(version)} is not ${VERSION}`,
        hint: "use the ocicat that made it",
      });
    }
    return { name, path: `${this.#path}/${name}/${DATA_NAME}`, ...record };
  }

  /** Of one whose record a power cut has torn. It may have been given its name: nobody removes it unasked. */
  #recordOfFolder(name: string): StoredRecord {
    const seconds = statByteAt(this.#folder.number, name)?.modified.seconds ?? 0;
    const created = new Date(seconds * 1000).toISOString();
    return { version: VERSION, created, labels: {}, anonymous: false };
  }

  /** Throws "not-found". */
  get(name: string): Volume {
    const volume = this.find(name);
    if (volume === undefined) {
      throw new OcicatError("not-found", {
        operation: "find",
        subject: `volume ${quote(name)}`,
        reason: "there is none of this name",
      });
    }
    return volume;
  }

  /** Without those of another version, of which `onWarning` is told. */
  list(onWarning: (text: string) => void = () => undefined): readonly Volume[] {
    const names = readDirectoryAt(this.#folder.number, ".").map(({ name }) => name);
    return names.toSorted().flatMap((name) => {
      try {
        return this.find(name) ?? [];
      } catch (error) {
        if (!(error instanceof OcicatError)) {
          throw error;
        }
        onWarning(`volume ${quote(name)} is not listed: ${error.message}`);
        return [];
      }
    });
  }

  /** What is there already stays as it is. */
  ensure(name: string, record: Omit<VolumeRecord, "created">): Volume {
    checkVolumeName(name);
    return this.find(name) ?? this.#make(name, record);
  }

  #make(name: string, record: Omit<VolumeRecord, "created">): Volume {
    const temporary = `.${crypto.randomUUID()}`;
    const folderFd = this.#folder.number;
    checked(tryMkdirAt(folderFd, temporary, PRIVATE), "make", quote(temporary));
    {
      using folder = this.#openFolder(temporary);
      checked(tryMkdirAt(folder.number, DATA_NAME, 0o755), "make", quote(DATA_NAME));
      const created = new Date().toISOString();
      const text = JSON.stringify({ version: VERSION, created, ...record });
      replaceFileAt(folder.number, RECORD_NAME, text);
    }
    const result = this.#rename(temporary, name);
    if (result === -Errno.EEXIST) {
      // Another process was faster.
      removeTree(folderFd, temporary);
    } else {
      checked(result, "make the volume", quote(name));
      recordVolumeEvent(this.#storeRoot, "create", name);
    }
    return this.get(name);
  }

  /** `idMaps`: of an ordinary user, whose containers leave files of other ids. */
  async remove(name: string, idMaps: IdMaps | undefined): Promise<void> {
    const temporary = `.${crypto.randomUUID()}`;
    checked(this.#rename(name, temporary), "remove the volume", quote(name));
    recordVolumeEvent(this.#storeRoot, "destroy", name);
    await this.#clear(temporary, idMaps);
  }

  /** What killed processes have left. Only with the whole folder locked nobody is at it. */
  async removeLeftovers(idMaps: IdMaps | undefined): Promise<void> {
    const names = readDirectoryAt(this.#folder.number, ".").map(({ name }) => name);
    for (const name of names.filter((each) => each.startsWith("."))) {
      await this.#clear(name, idMaps);
    }
  }

  async #clear(name: string, idMaps: IdMaps | undefined): Promise<void> {
    if (idMaps !== undefined && idMaps.uid.length > 1) {
      const { takeOwnership } = await import("../../image/owners/take-ownership.ts");
      using folder = this.#openFolder(name);
      takeOwnership(folder.number, idMaps);
    }
    removeTree(this.#folder.number, name);
  }

  #rename(from: string, to: string): number {
    const fd = this.#folder.number;
    return call("renameat2", fd, cstring(from), fd, cstring(to), RENAME_NOREPLACE);
  }

  #openFolder(name: string): OwnedFd {
    const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
    return new OwnedFd(openAt(this.#folder.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  }
}

/** Undefined: there are no volumes here, and nothing is made for asking. */
export function openVolumesIfAny(
  storeRoot: string,
  lock: "shared" | "whole",
): VolumeStore | undefined {
  return stat(volumesFolder(storeRoot)) === undefined
    ? undefined
    : new VolumeStore(storeRoot, lock);
}

type StoredRecord = VolumeRecord & { readonly version?: unknown };
