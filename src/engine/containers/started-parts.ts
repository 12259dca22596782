// What has to be made for a container anew each time it starts: files of its secrets, images that it has
// mounted, the profile of AppArmor's.

import { type ImageAccounts, readAccounts } from "../../image/accounts.ts";
import type { Mount } from "../../oci/mount.ts";
import { appArmorProfile } from "../apparmor.ts";
import { mountPlaces } from "../mount-places.ts";
import type { RunSourceFiles } from "../run-source.ts";
import { removeSecretFiles } from "../secrets/secret-files.ts";
import { DEFAULT_SECURITY } from "../security.ts";
import type { StartRequest } from "./start-container.ts";

/** Disposed of when the container runs; before that, what was made goes. */
export interface StartedParts extends Disposable {
  readonly mounts: readonly Mount[];
  /** "NAME=value". */
  readonly env: readonly string[];
  /** In place of the image's. */
  readonly accounts?: ImageAccounts;
  readonly appArmorProfile: string | undefined;
  /** For the holder to keep. */
  readonly lockFds: readonly number[];
  /** Of all the images that it uses: as ImageRoot has them. */
  readonly mountKeys: readonly string[];
  /** The container runs with them. */
  keep(): void;
}

export async function makeStartedParts(
  request: StartRequest,
  source: RunSourceFiles,
): Promise<StartedParts> {
  const { container, options, surroundings } = request;
  const { id } = container.record;
  using opened = new DisposableStack();
  using made = new DisposableStack();
  const mounts: Mount[] = [];
  const env: string[] = [];
  const lockFds: number[] = [];
  const ownKey = container.image?.root.mountKey;
  const mountKeys = ownKey === undefined ? [] : [ownKey];
  if (options.secrets !== undefined) {
    const { placeSecrets } = await import("../secrets/place-secrets.ts");
    made.defer(() => removeSecretFiles(surroundings.stateRoot, id));
    const secrets = await placeSecrets(options, id, surroundings);
    mounts.push(...secrets.mounts);
    env.push(...secrets.env);
  }
  if (options.imageMounts !== undefined) {
    const { openImageMounts } = await import("../image-mounts.ts");
    const path = container.folder.path;
    const images = { open: opened.use(await openImageMounts(options, surroundings, path)) };
    mounts.push(...images.open.mounts);
    lockFds.push(...images.open.lockFds);
    mountKeys.push(...images.open.mountKeys);
  }
  if (options.volumes?.some(({ mounted }) => mounted) === true) {
    const { lockMemory } = await import("../volumes/volume-memory.ts");
    const memory = { locked: opened.use(lockMemory(options, surroundings.storeRoot)) };
    lockFds.push(...memory.locked.lockFds);
  }
  const accounts = await makeAccounts(request, source);
  const appArmor = await appArmorProfile({
    security: options.security ?? DEFAULT_SECURITY,
    isRootless: request.idMaps !== undefined,
    onWarning: options.onWarning,
  });
  const held = opened.move();
  const undone = made.move();
  return {
    mounts: [...mounts, ...accounts.mounts],
    ...{ env, lockFds, mountKeys },
    appArmorProfile: appArmor,
    ...(accounts.made === undefined ? {} : { accounts: accounts.made }),
    keep: () => {
      undone.move();
    },
    [Symbol.dispose]: () => {
      held.dispose();
      undone.dispose();
    },
  };
}

async function makeAccounts(
  { container, options }: StartRequest,
  { config, files }: RunSourceFiles,
): Promise<{ readonly made?: ImageAccounts; readonly mounts: readonly Mount[] }> {
  if (options.accounts === undefined) {
    return { mounts: [] };
  }
  const { accountMounts, asksForAccounts, withAccounts } = await import("../run-accounts.ts");
  if (!asksForAccounts(options.accounts)) {
    return { mounts: [] };
  }
  const asked = {
    user: options.user ?? config.User ?? "",
    workdir: options.workdir ?? config.WorkingDir ?? "/",
    places: mountPlaces(options),
  };
  const made = withAccounts(readAccounts(files), asked, options.accounts);
  return { made, mounts: accountMounts(made, container.folder, options) };
}
