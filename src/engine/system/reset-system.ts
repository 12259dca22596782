// system reset: everything that is in a store goes, whether it runs or not. Settings, logins and what events
// tell stay.

import { unlessMissing } from "../../error/unless-missing.ts";
import { removeContainer } from "../containers/container-operations.ts";
import { listContainers } from "../containers/list-containers.ts";
import { removeUnreadable, unreadableContainers } from "../containers/sweep-containers.ts";
import { listPods } from "../pods/list-pods.ts";
import { removePod } from "../pods/pod-operations.ts";
import { removeSecret } from "../secrets/secret-operations.ts";
import { listSecretNames } from "../secrets/secret-store.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { pruneVolumes } from "../volumes/volume-operations.ts";
import { pruneSystem } from "./prune-system.ts";

/** What uses something goes before it. */
export async function resetSystem(options: SurroundingsOptions): Promise<void> {
  for (const { record } of await listPods(options)) {
    await removePod(record.id, { ...options, force: true }).catch(unlessMissing);
  }
  for (const { record } of await listContainers({ ...options, all: true })) {
    const removal = { ...options, force: true, volumes: true };
    await removeContainer(record.id, removal).catch(unlessMissing);
  }
  for (const { id } of unreadableContainers(await readSurroundings(options))) {
    await removeUnreadable(id, options).catch(unlessMissing);
  }
  await pruneVolumes({ ...options, all: true, filters: [] });
  for (const name of listSecretNames((await readSurroundings(options)).storeRoot)) {
    await removeSecret(name, options).catch(unlessMissing);
  }
  await pruneSystem({ ...options, all: true, volumes: true });
}
