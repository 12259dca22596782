// The secrets of a container that starts: as files that are mounted in it, or as variables.
//
//   STATE ROOT/.secrets/ID/0, 1, ...    of a container, while it runs; 0700. STATE ROOT is in memory
//
// The container's record has their names alone. They are read anew at each start.

import { O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { MapOwner, Owner } from "../../image/formats/export-item.ts";
import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import type { Mount } from "../../oci/mount.ts";
import { call, checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { makeDirectories, OwnedFd, open, openAt, writeAll } from "../../sys/file.ts";
import { decodeText } from "../../sys/memory.ts";
import { ownersOutside } from "../containers/container-owners.ts";
import { fileIdMaps, mountIdMaps } from "../id-maps.ts";
import type { RunContainerOptions, RunSecret, SecretPart } from "../run-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { removeSecretFiles, SECRET_FILES } from "./secret-files.ts";
import { readSecret } from "./secret-store.ts";

const PRIVATE = 0o700;

export interface PlacedSecrets {
  readonly mounts: readonly Mount[];
  /** "NAME=value". */
  readonly env: readonly string[];
}

/** Throws "not-found" for one that is not there. */
export function checkSecrets(secrets: readonly RunSecret[], storeRoot: string): void {
  for (const secret of secrets) {
    for (const name of namesIn(secret)) {
      readSecret(storeRoot, name);
    }
    checkOwner(secret);
  }
}

function namesIn(secret: RunSecret): readonly string[] {
  return secret.kind === "text"
    ? secret.parts.flatMap((part) => (typeof part === "string" ? [] : [part.secret]))
    : [secret.name];
}

function checkOwner(secret: RunSecret): void {
  if (secret.kind === "mount" && secret.uid + secret.gid > 0 && call("geteuid") !== 0) {
    throw new OcicatError("unsupported", {
      operation: "give",
      subject: `secret ${quote(secret.name)}`,
      reason: "an ordinary user can't give a file to another user",
      hint: "leave uid= and gid= out: mode=0444 lets every user of the container read it",
    });
  }
}

export async function placeSecrets(
  options: RunContainerOptions,
  id: string,
  { storeRoot, stateRoot }: Surroundings,
): Promise<PlacedSecrets> {
  const { secrets = [] } = options;
  const path = `${stateRoot}/${SECRET_FILES}/${id}`;
  removeSecretFiles(stateRoot, id);
  makeDirectories(stateRoot, 0o711);
  makeDirectories(`${stateRoot}/${SECRET_FILES}`, PRIVATE);
  makeDirectories(path, PRIVATE);
  using folder = new OwnedFd(open(path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
  const maps = mountIdMaps(options);
  const owner: MapOwner = maps === undefined ? (same) => same : ownersOutside(maps);
  const mounts: Mount[] = [];
  const env: string[] = [];
  const read = (name: string): string => textOf(name, readSecret(storeRoot, name));
  for (const secret of secrets) {
    if (secret.kind === "env") {
      env.push(`${secret.target}=${read(secret.name)}`);
    } else if (secret.kind === "text") {
      env.push(`${secret.target}=${secret.parts.map((part) => valueIn(part, read)).join("")}`);
    } else {
      const value = readSecret(storeRoot, secret.name);
      const name = String(mounts.length);
      writeFile(folder.number, name, { secret, value, owner: owner(secret) });
      mounts.push(secretMount(`${path}/${name}`, secret));
    }
  }
  await giveSecrets(folder.number, mounts.length, options);
  return { mounts, env };
}

/** Of an ordinary user: to the container's root. */
async function giveSecrets(
  folderFd: number,
  count: number,
  options: RunContainerOptions,
): Promise<void> {
  const maps = fileIdMaps(options);
  const counted = maps === undefined ? undefined : rootlessIdMaps(process.env["USER"]);
  if (maps !== undefined && counted !== undefined) {
    const files = Array.from({ length: count }, (_, index) => ({ path: String(index) }));
    const { giveFiles } = await import("../users/give-files.ts");
    giveFiles(folderFd, files, { maps, counted });
  }
}

function valueIn(part: SecretPart, read: (name: string) => string): string {
  return typeof part === "string" ? part : read(part.secret);
}

function textOf(name: string, value: Uint8Array): string {
  if (value.includes(0)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `secret ${quote(name)}`,
      reason: "its value has a zero byte, which a variable can't have",
    });
  }
  return decodeText(value);
}

interface FileContent {
  readonly secret: Extract<RunSecret, { readonly kind: "mount" }>;
  readonly value: Uint8Array;
  /** On the host. */
  readonly owner: Owner;
}

function writeFile(folderFd: number, name: string, { secret, value, owner }: FileContent): void {
  const subject = `secret ${quote(secret.name)}`;
  using file = new OwnedFd(openAt(folderFd, name, O_WRONLY | O_CREAT | O_EXCL, 0o600));
  writeAll(file.number, value, subject);
  if (call("geteuid") === 0) {
    checked(call("fchown", file.number, owner.uid, owner.gid), "give", subject);
  }
  checked(call("fchmod", file.number, secret.mode), "change the mode of", subject);
}

function secretMount(source: string, { target }: FileContent["secret"]): Mount {
  const options = ["bind", "rprivate", "ro", "nosuid", "nodev", "noexec"];
  return { destination: target, type: "bind", source, options };
}
