// The user namespace of a container that is created: which ids of the host its users have.
//
// Where each container is to have ids of its own (--userns auto), they come from those that subuid(5) and
// subgid(5) lend: to one name for root's containers, else to the user. What a container has stands in its
// record, so all records together say what is free. Whoever looks holds a lock until the new record is written.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { GIDS, type IdRange, lentRanges, UIDS } from "../../image/owners/lent-ids.ts";
import type { IdMapping } from "../../oci/mount.ts";
import { Store } from "../../store/layout.ts";
import { lock } from "../../store/lock.ts";
import { call } from "../../sys/call.ts";
import type { WithUsers } from "../containers/chosen-options.ts";
import { eachContainer, tryOpenById } from "../containers/stored-container.ts";
import { ownIdMaps } from "../id-maps.ts";
import type { RunAccounts } from "../run-accounts.ts";
import type { RunImage } from "../run-image.ts";
import { joinsContainer } from "../run-namespaces.ts";
import type { ChosenUsers, RunContainerOptions, RunUsers } from "../run-options.ts";
import type { IdMaps } from "../run-spec.ts";
import type { Surroundings } from "../surroundings.ts";
import { mapFreeIds } from "./free-ids.ts";
import { findHostUser } from "./host-user.ts";

const LOCK_NAME = "container-users.lock";
/** Every id but the last, which means "none". */
const ALL_IDS = 0xffff_ffff;
const DEFAULT_SIZE = 65_536;

type Auto = Extract<RunUsers, { readonly kind: "auto" }>;

export interface UsersContext {
  readonly surroundings: Surroundings;
  /** Of an ordinary user who creates the container; undefined for root. */
  readonly counted: IdMaps | undefined;
}

/** All but "auto", which needs the image, and is left as it is. */
export async function chooseUsers(
  options: RunContainerOptions,
  context: UsersContext,
): Promise<RunContainerOptions> {
  const users = options.users ?? othersUsers(options, context);
  checkMounts(options, context);
  if (users === undefined || users.kind === "auto" || isChosen(users)) {
    return options;
  }
  const { users: _, ...others } = options;
  const chosen = await chosenUsers(users, context);
  const user = userOf(users, context);
  return {
    ...others,
    ...(chosen === undefined ? {} : { users: chosen }),
    ...(others.user === undefined && user !== undefined
      ? { user, accounts: accountsOf(others.accounts, context) }
      : {}),
  };
}

/** An ordinary user's container that shares another namespace with one with ids of its own has its ids, too. */
function othersUsers(
  options: RunContainerOptions,
  { surroundings, counted }: UsersContext,
): RunUsers | undefined {
  const id = counted === undefined ? undefined : joinsContainer(options);
  using other = id === undefined ? undefined : tryOpenById(id, surroundings);
  return other?.record.options.users === undefined
    ? undefined
    : { kind: "join", namespace: `container:${other.record.id}` };
}

/** A container of a pod has its pod's. */
function isChosen(users: RunUsers): boolean {
  return users.kind === "maps" && users.joins !== undefined;
}

/** Undefined: the host's. */
async function chosenUsers(
  users: Exclude<RunUsers, Auto>,
  { surroundings, counted }: UsersContext,
): Promise<ChosenUsers | undefined> {
  if (users.kind === "join") {
    const { joinedUsers } = await import("./joined-users.ts");
    return joinedUsers(users.namespace, { surroundings, counted });
  }
  if (counted !== undefined) {
    const { chooseLentUsers } = await import("./choose-lent-users.ts");
    return chooseLentUsers(users, counted);
  }
  return users.kind === "maps" ? users : named(users);
}

/** As whom podman has it run where nothing else is asked for. */
function userOf(users: RunUsers, { counted }: UsersContext): string | undefined {
  if (users.kind !== "keep-id" || (counted === undefined && users.uid === undefined)) {
    return undefined;
  }
  const [uid] = counted?.uid ?? [];
  const [gid] = counted?.gid ?? [];
  return `${users.uid ?? uid?.hostID ?? 0}:${users.gid ?? gid?.hostID ?? 0}`;
}

/** The user has a name inside. */
function accountsOf(
  accounts: RunAccounts = { hostUsers: [] },
  { counted }: UsersContext,
): RunAccounts {
  const hostUser = counted === undefined ? undefined : findHostUser(call("geteuid"));
  return { ...accounts, ...(hostUser === undefined ? {} : { hostUser }) };
}

/** "auto". Until it is disposed of nobody else gets the same ids. */
export async function chooseFreeUsers(
  options: RunContainerOptions,
  users: Auto,
  context: UsersContext & { readonly image: RunImage | undefined },
): Promise<WithUsers> {
  const { surroundings, counted } = context;
  using resources = new DisposableStack();
  const opened = { store: resources.use(new Store(surroundings.storeRoot)) };
  resources.use(await lock(opened.store.staging.number, LOCK_NAME));
  const chosen =
    counted === undefined
      ? freeUsers(users, surroundings)
      : (await import("./choose-lent-users.ts")).autoLentUsers(users, options, {
          ...context,
          counted,
        });
  const held = resources.move();
  return { options: { ...options, users: chosen }, [Symbol.dispose]: () => held.dispose() };
}

/** The ids of files can be shown as others only where the container has others, and by root. */
function checkMounts({ mounts, users }: RunContainerOptions, { counted }: UsersContext): void {
  const mapped = mounts.find(({ idMapped }) => idMapped);
  if (mapped === undefined || (users !== undefined && counted === undefined)) {
    return;
  }
  const subject = quote(mapped.source);
  if (counted !== undefined) {
    throw new OcicatError("unsupported", {
      operation: "mount",
      subject,
      reason: "only root may mount files with other owners",
      hint: "leave idmap out: with `--userns keep-id` your files are yours inside, too",
    });
  }
  throw new OcicatError("invalid-argument", {
    operation: "mount",
    subject,
    reason: "idmap has no meaning in a container without a user namespace of its own",
    hint: "--userns auto gives it one",
  });
}

function named(users: Exclude<RunUsers, ChosenUsers | Auto | { kind: "join" }>): ChosenUsers {
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

function freeUsers(users: Auto, surroundings: Surroundings): ChosenUsers {
  const { size = DEFAULT_SIZE } = users;
  const name = surroundings.configuration.get("users.auto-name");
  const taken = eachContainer(surroundings, ({ record }) => ownIdMaps(record.options));
  const mappings = (kind: "uid" | "gid", path: string): readonly IdMapping[] =>
    mapFreeIds({
      size,
      fixed: users[kind] ?? [],
      ranges: lent(path, name),
      taken: taken.flatMap((maps) => maps?.[kind] ?? []),
      what: `ids of ${quote(name)} in ${path}`,
    });
  return { kind: "maps", uid: mappings("uid", UIDS), gid: mappings("gid", GIDS), isAuto: true };
}
