// The pods that a Deployment was played as: a label tells them from others, so that those which it has no more,
// because the file was changed, can be found.

import { listPods } from "../pods/list-pods.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import type { KubeObject } from "./kube-objects.ts";

export const DEPLOYMENT_LABEL = "ocicat.kube.deployment";

/** The names of those that the file has not, of the Deployments that it has. */
export async function surplusPods(
  objects: readonly KubeObject[],
  options: SurroundingsOptions,
): Promise<readonly string[]> {
  const wanted = new Set(objects.flatMap(({ kind, name }) => (kind === "Pod" ? [name] : [])));
  const names: string[] = [];
  for (const { kind, name } of objects) {
    if (kind === "Deployment") {
      const filters = [`label=${DEPLOYMENT_LABEL}=${name}`];
      names.push(...(await listPods({ ...options, filters })).map(({ record }) => record.name));
    }
  }
  return names.filter((name) => !wanted.has(name));
}
