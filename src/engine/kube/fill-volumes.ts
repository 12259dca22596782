// The volumes and folders that a pod of a document needs, before it is created.

import { chmodSync, chownSync, lstatSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { namingFile } from "../../error/file-failure.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { createVolume, inspectVolume } from "../volumes/volume-operations.ts";
import {
  groupMode,
  type KubeFileContent,
  type KubeHostPath,
  type KubeStoredVolume,
} from "./kube-mounts.ts";
import type { HostPathType } from "./kube-objects.ts";
import { makeOwnVolume } from "./own-volumes.ts";

/** The group's, and what is made in it gets the group. */
const GROUP_MODE = 0o2770;
const EVERYBODY = 0o777;
const PERMISSIONS = 0o7777;

export async function prepareVolume(
  volume: KubeStoredVolume,
  pod: string,
  options: SurroundingsOptions,
): Promise<void> {
  const { name } = volume;
  if (volume.isOwn) {
    await makeOwnVolume({ name, hasFiles: volume.files !== undefined }, pod, options);
  } else {
    await createVolume(name, { ...options, labels: {} });
  }
  const { path } = await inspectVolume(name, options);
  if (volume.files !== undefined) {
    const { files, group } = volume;
    namingFile("fill", path, () => fill(path, files, group));
  } else {
    shareVolume(path, volume);
  }
}

/** Into an empty folder: nothing in it leads elsewhere, and no container writes to it. */
function fill(path: string, files: readonly KubeFileContent[], group: number | undefined): void {
  for (const { path: name, mode, content } of files) {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, content, { flag: "wx" });
    if (group !== undefined) {
      chownSync(file, 0, group);
    }
    chmodSync(file, groupMode(mode, group));
  }
}

/**
 * As Kubernetes has it: whoever runs in the pod may write to a volume that begins empty, and the group to all
 * volumes. A claim's folder keeps its owner, who may be the one that its files are for.
 */
function shareVolume(path: string, { isOwn, group }: KubeStoredVolume): void {
  const status = lstatSync(path);
  if (!status.isDirectory()) {
    return;
  }
  if (group !== undefined && process.geteuid?.() === 0) {
    chownSync(path, status.uid, group);
    chmodSync(path, (isOwn ? EVERYBODY : status.mode & PERMISSIONS) | GROUP_MODE);
  } else if (isOwn) {
    chmodSync(path, EVERYBODY);
  }
}

const CHECKS: Readonly<Record<HostPathType, (path: string) => boolean>> = {
  "": () => true,
  DirectoryOrCreate: (path) => statSync(path).isDirectory(),
  Directory: (path) => statSync(path).isDirectory(),
  FileOrCreate: (path) => statSync(path).isFile(),
  File: (path) => statSync(path).isFile(),
  Socket: (path) => statSync(path).isSocket(),
  CharDevice: (path) => statSync(path).isCharacterDevice(),
  BlockDevice: (path) => statSync(path).isBlockDevice(),
};

/** Makes what may be made, and refuses what is not as the document says. */
export function prepareHostPath(host: KubeHostPath): void {
  namingFile("use", host.path, () => prepare(host));
}

function prepare({ path, type, place }: KubeHostPath): void {
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  if (!isThere && type === "DirectoryOrCreate") {
    mkdirSync(path, { recursive: true, mode: 0o755 });
  } else if (!isThere && type === "FileOrCreate") {
    writeFileSync(path, "", { flag: "wx", mode: 0o644 });
  } else if (!isThere || !CHECKS[type](path)) {
    throw new OcicatError("not-found", {
      operation: "use",
      subject: quote(path),
      reason: isThere ? `it is no ${type}` : "no such file or directory",
      hint: `${place}.hostPath asks for it`,
    });
  }
}
