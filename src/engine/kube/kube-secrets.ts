// Secrets of Kubernetes' documents in the store of secrets: one stored secret for each key, by the name
// OBJECT.KEY. Labels tell which belong together, so that a later file can use them.

import { createSecret, listSecrets, removeSecret } from "../secrets/secret-operations.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import type { KubeObject } from "./kube-objects.ts";

const OBJECT_LABEL = "ocicat.kube.secret";
const KEY_LABEL = "ocicat.kube.key";

type KubeSecret = Extract<KubeObject, { readonly kind: "ConfigMap" | "Secret" }>;

/** What is there of the same name gets the new values. */
export async function storeKubeSecret(
  { name, data }: KubeSecret,
  options: SurroundingsOptions,
): Promise<void> {
  for (const [key, value] of data) {
    const labels = { [OBJECT_LABEL]: name, [KEY_LABEL]: key };
    await createSecret({ name: `${name}.${key}`, value, labels, replaces: true }, options);
  }
}

/** The names of stored secrets, by the names and keys of Secrets. */
export async function storedKubeSecrets(
  options: SurroundingsOptions,
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const found = new Map<string, Map<string, string>>();
  for (const { name, labels } of await listSecrets(options)) {
    const { [OBJECT_LABEL]: object, [KEY_LABEL]: key } = labels;
    if (object !== undefined && key !== undefined) {
      const keys = found.get(object) ?? new Map<string, string>();
      found.set(object, keys.set(key, name));
    }
  }
  return found;
}

/** Whether there was one. */
export async function removeKubeSecret(
  object: string,
  options: SurroundingsOptions,
): Promise<boolean> {
  const names = [...((await storedKubeSecrets(options)).get(object)?.values() ?? [])];
  for (const name of names) {
    await removeSecret(name, options);
  }
  return names.length > 0;
}
