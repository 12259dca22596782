// Secrets: small values that containers are given and that nothing else shows.
//
//   STORE/secrets/         0700
//     NAME                 0600: {"version": 1, "id", "created", "updated", "labels", "data"}; `data` is the
//                          value in base64. It is there as a whole or not at all
//
// Whoever may read the store may read them: they are kept apart, not encrypted.

import { O_RDONLY } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { inStore } from "../../store/closed-store.ts";
import { Store } from "../../store/layout.ts";
import { parseOwn } from "../../store/parse-json.ts";
import { forceToDisk, writeWholeFile } from "../../store/whole-file.ts";
import { checked } from "../../sys/call.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import {
  OwnedFd,
  openAt,
  readTextAtIfExists,
  stat,
  tryMkdirAt,
  tryUnlinkAt,
} from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";

/** Podman's. */
export const SECRET_BYTES_LIMIT = 512_000;

const FOLDER = "secrets";
const VERSION = 1;
const DOCUMENT_LIMIT = 2 * 1024 * 1024;
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/;

export interface Secret {
  readonly name: string;
  /** 25 hexadecimal digits, as podman has it. */
  readonly id: string;
  /** RFC 3339. */
  readonly created: string;
  readonly updated: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Document = Omit<Secret, "name"> & { readonly version: number; readonly data: string };

export interface NewSecret {
  readonly name: string;
  readonly value: Uint8Array;
  readonly labels: Readonly<Record<string, string>>;
  /** One of this name is replaced, and keeps its id. */
  readonly replaces: boolean;
}

/** Throws "already-exists" for a name that is taken. */
export function writeSecret(storeRoot: string, secret: NewSecret): Secret {
  const { name, value, labels, replaces } = secret;
  checkSecret(name, value);
  using store = new Store(storeRoot);
  const made = tryMkdirAt(store.top.number, FOLDER, PRIVATE_FOLDER);
  if (made !== -Errno.EEXIST) {
    inStore(storeRoot, () => checked(made, "make", quote(`${storeRoot}/${FOLDER}`)));
  }
  using folder = openFolder(store.top.number, FOLDER);
  const before = replaces ? tryReadDocument(folder.number, name) : undefined;
  const now = new Date().toISOString();
  const id = before?.id ?? crypto.getRandomValues(new Uint8Array(13)).toHex().slice(1);
  const document: Document = {
    version: VERSION,
    id,
    created: before?.created ?? now,
    updated: now,
    labels,
    data: value.toBase64(),
  };
  const isWritten = writeWholeFile(store.staging.number, {
    directoryFd: folder.number,
    name,
    content: encodeText(JSON.stringify(document)),
    mode: PRIVATE_FILE,
    existing: replaces ? "replace" : "keep",
  });
  if (!isWritten) {
    throw new OcicatError("already-exists", {
      operation: "create",
      subject: `secret ${quote(name)}`,
      reason: "there is one of this name",
      hint: "--replace gives it another value",
    });
  }
  forceToDisk(folder.number, "the folder of secrets");
  return described(name, document);
}

function checkSecret(name: string, value: Uint8Array): void {
  if (!NAME.test(name)) {
    throw refused(name, "its name is not made of letters, digits, _, . and -");
  }
  if (value.length === 0 || value.length > SECRET_BYTES_LIMIT) {
    throw refused(name, `it has ${value.length} bytes, and may have 1 to ${SECRET_BYTES_LIMIT}`);
  }
}

function refused(name: string, reason: string): OcicatError {
  const subject = `secret ${quote(name)}`;
  return new OcicatError("invalid-argument", { operation: "create", subject, reason });
}

/** By their names. Without those that can't be read, of which `onUnreadable` is told. */
export function listSecrets(
  storeRoot: string,
  onUnreadable?: (error: OcicatError) => void,
): Secret[] {
  using folder = tryOpenFolder(storeRoot);
  return folder === undefined
    ? []
    : namesIn(folder).flatMap((name) => {
        const document = tryReadDocument(folder.number, name, onUnreadable);
        return document === undefined ? [] : [described(name, document)];
      });
}

/** In order. */
export function listSecretNames(storeRoot: string): string[] {
  using folder = tryOpenFolder(storeRoot);
  return folder === undefined ? [] : namesIn(folder);
}

function namesIn(folder: OwnedFd): string[] {
  return readDirectoryAt(folder.number, ".")
    .map(({ name }) => name)
    .toSorted();
}

/**
 * By name, id or the beginning of an id. Throws "not-found", for the beginning of several ids, and for one of
 * this name that can't be read.
 */
export function findSecret(storeRoot: string, word: string): Secret {
  const named = findDocument(storeRoot, word);
  if (named !== undefined) {
    return described(word, named);
  }
  const secrets = listSecrets(storeRoot);
  const [found, ...others] = secrets.filter(({ id }) => word !== "" && id.startsWith(word));
  if (found === undefined) {
    throw missing(word);
  }
  if (others.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "find",
      subject: `secret ${quote(word)}`,
      reason: `${others.length + 1} ids begin so`,
    });
  }
  return found;
}

/** Throws "not-found". */
export function readSecret(storeRoot: string, name: string): Uint8Array {
  const document = findDocument(storeRoot, name);
  if (document === undefined) {
    throw missing(name);
  }
  return Uint8Array.fromBase64(document.data);
}

function findDocument(storeRoot: string, name: string): Document | undefined {
  using folder = tryOpenFolder(storeRoot);
  return folder === undefined || !NAME.test(name) ? undefined : readDocument(folder.number, name);
}

export function removeSecret(storeRoot: string, name: string): void {
  using folder = tryOpenFolder(storeRoot);
  if (folder !== undefined) {
    tryUnlinkAt(folder.number, name);
  }
}

function missing(word: string): OcicatError {
  return new OcicatError("not-found", {
    operation: "find",
    subject: `secret ${quote(word)}`,
    reason: "there is none of this name",
    hint: "`ocicat secret create NAME FILE` makes one",
  });
}

function described(name: string, { id, created, updated, labels }: Document): Secret {
  return { name, id, created, updated, labels };
}

function openFolder(directoryFd: number, path: string): OwnedFd {
  return new OwnedFd(openAt(directoryFd, path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
}

function tryOpenFolder(storeRoot: string): OwnedFd | undefined {
  const path = `${storeRoot}/${FOLDER}`;
  return stat(path) === undefined ? undefined : openFolder(-1, path);
}

/** We alone write them: what has our version is as we wrote it. Undefined: there is none. */
function readDocument(folderFd: number, name: string): Document | undefined {
  const text = readTextAtIfExists(folderFd, name, DOCUMENT_LIMIT);
  if (text === undefined) {
    return undefined;
  }
  const document = parseOwn<Document>(text);
  if (document?.version !== VERSION) {
    const isDamaged = document === undefined;
    throw new OcicatError(isDamaged ? "invalid-config" : "unsupported", {
      operation: "read",
      subject: `secret ${quote(name)}`,
      reason: isDamaged ? "it is damaged" : `its version ${document.version} is not ${VERSION}`,
      hint: `\`ocicat secret rm ${name}\` removes it`,
    });
  }
  return document;
}

/** Undefined also for one that can't be read. */
function tryReadDocument(
  folderFd: number,
  name: string,
  onUnreadable?: (error: OcicatError) => void,
): Document | undefined {
  try {
    return readDocument(folderFd, name);
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    onUnreadable?.(error);
    return undefined;
  }
}
