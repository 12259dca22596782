// The volumes that are a pod's alone: a label tells them from others that happen to have such a name, which
// are neither written to nor removed.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { createVolume, listVolumes, removeVolume } from "../volumes/volume-operations.ts";

export const OWN_LABEL = "ocicat.kube.pod";
/** Of those that a ConfigMap's files are written to. */
export const FILES_LABEL = "ocicat.kube.files";

/** `hasFiles`: what there is of an earlier play goes. Throws "already-exists" for a volume of somebody else. */
export async function makeOwnVolume(
  { name, hasFiles }: { readonly name: string; readonly hasFiles: boolean },
  pod: string,
  options: SurroundingsOptions,
): Promise<void> {
  if (hasFiles && (await ownVolumes(pod, options)).includes(name)) {
    await removeVolume(name, options);
  }
  const labels = { [OWN_LABEL]: pod, ...(hasFiles ? { [FILES_LABEL]: "ConfigMap" } : {}) };
  await createVolume(name, { ...options, labels });
  if (!(await ownVolumes(pod, options)).includes(name)) {
    throw new OcicatError("already-exists", {
      operation: "make",
      subject: `volume ${quote(name)}`,
      reason: "there is one of this name, which is not the pod's own",
      hint: "a persistentVolumeClaim mounts a volume that is there",
    });
  }
}

export async function removeOwnVolumes(pod: string, options: SurroundingsOptions): Promise<void> {
  for (const name of await ownVolumes(pod, options)) {
    await removeVolume(name, options);
  }
}

async function ownVolumes(pod: string, options: SurroundingsOptions): Promise<readonly string[]> {
  const volumes = await listVolumes({ ...options, filters: [`label=${OWN_LABEL}=${pod}`] });
  return volumes.map(({ name }) => name);
}
