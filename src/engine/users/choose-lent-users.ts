// The ids of containers that an ordinary user creates with others than the usual ones.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readAccounts } from "../../image/accounts.ts";
import { eachContainer } from "../containers/stored-container.ts";
import type { RunImage } from "../run-image.ts";
import type { ChosenUsers, RunContainerOptions, RunUsers } from "../run-options.ts";
import type { IdMaps } from "../run-spec.ts";
import type { Surroundings } from "../surroundings.ts";
import { highestId } from "./account-ids.ts";
import { mapFreeIds, rangeOf } from "./free-ids.ts";
import { countLent, type Kind, keepId, leaveOut, lendingHint, onHost } from "./nested-ids.ts";

type Auto = Extract<RunUsers, { readonly kind: "auto" }>;

/** As podman has it. */
const FEWEST = 1024;

/** Those that say which ids. */
export type AskedUsers = Exclude<RunUsers, Auto | { readonly kind: "join" }>;

export function chooseLentUsers(users: AskedUsers, counted: IdMaps): ChosenUsers {
  const chosen = mapsOf(users, counted);
  for (const key of ["uid", "gid"] as const) {
    if (!chosen[key].some(({ containerID }) => containerID === 0)) {
      throw new OcicatError("unsupported", {
        operation: "choose",
        subject: "other ids for the container's users",
        reason: "there is none for its root",
        hint: lendingHint(),
      });
    }
  }
  return { kind: "maps", ...chosen };
}

function mapsOf(users: AskedUsers, counted: IdMaps): IdMaps {
  switch (users.kind) {
    case "keep-id":
      return both((key) => {
        const id = users[key] ?? ownId(counted[key]);
        return within(keepId(id, countLent(counted[key])), counted, key);
      });
    case "nomap":
      return both((key) => within(leaveOut(countLent(counted[key])), counted, key));
    case "maps":
      return both((key) => within(users[key], counted, key));
    case "lent":
      throw new OcicatError("unsupported", {
        operation: "use",
        subject: `the ids of ${quote(users.uidsOf)}`,
        reason: "an ordinary user has no others than their own",
        hint: "--uidmap and --gidmap choose among these",
      });
  }
}

type Key = keyof IdMaps;

const KINDS = { uid: "user", gid: "group" } as const satisfies Record<Key, Kind>;

function both(mapsFor: (key: Key) => IdMaps[Key]): IdMaps {
  return { uid: mapsFor("uid"), gid: mapsFor("gid") };
}

function within(asked: IdMaps[Key], counted: IdMaps, key: Key): IdMaps[Key] {
  return onHost(asked, counted[key], KINDS[key]);
}

function ownId([own]: IdMaps["uid"]): number {
  return own?.hostID ?? 0;
}

export interface AutoContext {
  readonly surroundings: Surroundings;
  readonly counted: IdMaps;
  readonly image: RunImage | undefined;
}

/** With the lock of the ids held. */
export function autoLentUsers(
  users: Auto,
  options: RunContainerOptions,
  { surroundings, counted, image }: AutoContext,
): ChosenUsers {
  const taken = eachContainer(surroundings, ({ record }) => record.options.users).filter(
    (each) => each?.kind === "maps" && each.isAuto === true,
  );
  requireLent(counted);
  const size = users.size ?? neededIds(options, image);
  const maps = both((key) =>
    mapFreeIds({
      size,
      fixed: within(users[key] ?? [], counted, key),
      ranges: counted[key].slice(1).map(rangeOf),
      taken: taken.flatMap((each) => (each?.kind === "maps" ? each[key] : [])),
      what: `${KINDS[key]} ids that are lent to you`,
    }),
  );
  return { kind: "maps", ...maps, isAuto: true };
}

/** The first are the user's own. */
function requireLent(counted: IdMaps): void {
  if (counted.uid.length === 1 || counted.gid.length === 1) {
    throw new OcicatError("unsupported", {
      operation: "choose",
      subject: "ids for the container's users",
      reason: "none are lent to you",
      hint: lendingHint(),
    });
  }
}

function neededIds({ user = "" }: RunContainerOptions, image: RunImage | undefined): number {
  const accounts = image === undefined ? undefined : readAccounts(image.root.lower);
  const asked = user.split(":").filter((word) => /^\d+$/.test(word));
  const ids = [highestId(accounts), ...asked.map(Number)];
  return Math.max(FEWEST, Math.max(...ids) + 1);
}
