// kube down: removes what the play of a file has made.

import { unlessMissing } from "../../error/unless-missing.ts";
import { removePod, stopPod } from "../pods/pod-operations.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { removeVolume } from "../volumes/volume-operations.ts";
import { surplusPods } from "./deployment-pods.ts";
import type { KubeObject } from "./kube-objects.ts";
import { removeKubeSecret } from "./kube-secrets.ts";
import { removeOwnVolumes } from "./own-volumes.ts";
import { parseKubeFile } from "./parse-documents.ts";

export interface DownKubeOptions extends SurroundingsOptions {
  readonly text: string;
  readonly fileName: string;
  /** The volumes of its claims, too. */
  readonly force: boolean;
}

export interface Removed {
  /** Ids. */
  readonly pods: readonly string[];
  readonly secrets: readonly string[];
  readonly volumes: readonly string[];
}

/** What is gone already is no error. */
export async function downKube(options: DownKubeOptions): Promise<Removed> {
  const { objects } = parseKubeFile(options.text, options.fileName);
  const pods: string[] = [];
  const secrets: string[] = [];
  const volumes: string[] = [];
  const played = objects.flatMap(({ kind, name }) => (kind === "Pod" ? [name] : []));
  const names = [...played, ...(await surplusPods(objects, options))];
  await Promise.all(names.map((name) => stopPod(name, options).catch(unlessMissing)));
  for (const name of names) {
    pods.push(...(await removePlayed(name, options)));
  }
  for (const object of objects) {
    if (object.kind === "Secret" && (await removeKubeSecret(object.name, options))) {
      secrets.push(object.name);
    }
    const claims = options.force ? claimsOf(object) : [];
    for (const claim of claims) {
      const removed = removeVolume(claim, options).then(() => [claim]);
      volumes.push(...((await removed.catch(unlessMissing)) ?? []));
    }
  }
  return { pods, secrets, volumes };
}

function claimsOf(object: KubeObject): readonly string[] {
  switch (object.kind) {
    case "PersistentVolumeClaim":
      return [object.name];
    case "Pod":
      return object.spec.volumes.flatMap((volume) =>
        volume.kind === "claim" ? [volume.claim] : [],
      );
    default:
      return [];
  }
}

/** With those of the volumes that are the pod's alone. Returns the ids of what was there. */
export async function removePlayed(
  pod: string,
  options: SurroundingsOptions,
): Promise<readonly string[]> {
  const id = await removePod(pod, { ...options, force: true }).catch(unlessMissing);
  await removeOwnVolumes(pod, options).catch(unlessMissing);
  return id === undefined ? [] : [id];
}
