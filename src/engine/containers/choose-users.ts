// The user namespace of a container that root creates: which ids of the host its users have.
//
// Where each container is to have ids of its own (--userns auto), they come from those that subuid(5) and
// subgid(5) lend to one name. What a container has stands in its record, so all records together say what is
// free. Whoever looks holds a lock until the new record is written.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { IdMapping } from "../../oci/mount.ts";
import { Store } from "../../store/layout.ts";
import { lock } from "../../store/lock.ts";
import { type IdRange, lentRanges, ownIdMaps } from "../id-maps.ts";
import type { ChosenUsers, RunContainerOptions, RunUsers } from "../run-options.ts";
import type { Surroundings } from "../surroundings.ts";
import type { WithUsers } from "./chosen-options.ts";
import { firstFree } from "./free-ids.ts";
import { eachContainer } from "./stored-container.ts";

const LOCK_NAME = "container-users.lock";
const UIDS = "/etc/subuid";
const GIDS = "/etc/subgid";
/** Every id but the last, which means "none". */
const ALL_IDS = 0xffff_ffff;

export interface UsersContext {
  readonly surroundings: Surroundings;
  /** An ordinary user creates the container. */
  readonly isRootless: boolean;
}

export async function chooseUsers(
  options: RunContainerOptions,
  { surroundings, isRootless }: UsersContext,
): Promise<WithUsers> {
  const { users } = options;
  checkMounts(options);
  if (isRootless) {
    throw rootless();
  }
  if (users === undefined || users.kind === "maps") {
    return { options, [Symbol.dispose]: () => undefined };
  }
  if (users.kind !== "auto") {
    return { options: { ...options, users: named(users) }, [Symbol.dispose]: () => undefined };
  }
  using resources = new DisposableStack();
  const opened = { store: resources.use(new Store(surroundings.storeRoot)) };
  resources.use(await lock(opened.store.staging.number, LOCK_NAME));
  const chosen = freeUsers(users.size, surroundings);
  const held = resources.move();
  return { options: { ...options, users: chosen }, [Symbol.dispose]: () => held.dispose() };
}

/** The ids of files can be shown as others only where the container has others. */
function checkMounts({ mounts, users }: RunContainerOptions): void {
  const mapped = mounts.find(({ idMapped }) => idMapped);
  if (mapped !== undefined && users === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "mount",
      subject: quote(mapped.source),
      reason: "idmap has no meaning in a container without a user namespace of its own",
      hint: "--userns auto gives it one",
    });
  }
}

/** An image's files belong to the user on the disk, who may not show them as another one's. */
function rootless(): OcicatError {
  return new OcicatError("unsupported", {
    operation: "choose",
    subject: "other ids for the container's users",
    reason: "only root may mount the files of an image with other owners",
    hint: "an ordinary user is root in their containers, and has the ids of subuid(5) behind that",
  });
}

function named(users: Exclude<RunUsers, ChosenUsers | { readonly kind: "auto" }>): ChosenUsers {
  if (users.kind === "nomap") {
    throw new OcicatError("unsupported", {
      operation: "use",
      subject: '--userns "nomap"',
      reason: "root has no ids but its own",
    });
  }
  if (users.kind === "keep-id") {
    const same = [{ containerID: 0, hostID: 0, size: ALL_IDS }];
    return { kind: "maps", uid: same, gid: same };
  }
  return {
    kind: "maps",
    uid: inOrder(lent(UIDS, users.uidsOf)),
    gid: inOrder(lent(GIDS, users.gidsOf)),
  };
}

function lent(path: string, name: string): readonly IdRange[] {
  const ranges = lentRanges(path, [name]);
  if (ranges.length === 0) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `ids of ${quote(name)} in ${path}`,
      reason: "there are none",
      hint: `a line such as ${name}:2147483647:2147483648 lends some`,
    });
  }
  return ranges;
}

/** One behind the other, from 0 on. */
function inOrder(ranges: readonly IdRange[]): IdMapping[] {
  let containerID = 0;
  return ranges.map(({ start, size }) => {
    const mapping = { containerID, hostID: start, size };
    containerID += size;
    return mapping;
  });
}

function freeUsers(size: number, surroundings: Surroundings): ChosenUsers {
  const name = surroundings.configuration.get("users.auto-name");
  const taken = eachContainer(surroundings, ({ record }) => ownIdMaps(record.options));
  const mappings = (kind: "uid" | "gid", path: string): IdMapping[] => {
    const used: IdRange[] = taken.flatMap((maps) =>
      (maps?.[kind] ?? []).map((mapping) => ({ start: mapping.hostID, size: mapping.size })),
    );
    const start = firstFree(lent(path, name), used, size);
    if (start === undefined) {
      throw new OcicatError("exhausted", {
        operation: "find",
        subject: `${size} ids of ${quote(name)} in ${path}`,
        reason: "that many in a row are not free",
        hint: "--userns auto:size=NUMBER takes fewer, `ocicat rm` gives those of a container back",
      });
    }
    return [{ containerID: 0, hostID: start, size }];
  };
  return { kind: "maps", uid: mappings("uid", UIDS), gid: mappings("gid", GIDS) };
}
