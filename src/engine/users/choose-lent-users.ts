// The ids of containers that an ordinary user creates with others than the usual ones.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readAccounts } from "../../image/accounts.ts";
import type { IdRange } from "../../image/owners/lent-ids.ts";
import { firstFree } from "../containers/free-ids.ts";
import { eachContainer } from "../containers/stored-container.ts";
import type { RunImage } from "../run-image.ts";
import type { ChosenUsers, RunContainerOptions, RunUsers } from "../run-options.ts";
import type { IdMaps } from "../run-spec.ts";
import type { Surroundings } from "../surroundings.ts";
import { highestId } from "./account-ids.ts";
import {
  countLent,
  fillUp,
  type Kind,
  keepId,
  leaveOut,
  lendingHint,
  missingIds,
  onHost,
} from "./nested-ids.ts";

type Auto = Extract<RunUsers, { readonly kind: "auto" }>;

/** As podman has it. */
const FEWEST = 1024;

/** Those that say which ids. */
export type AskedUsers = Exclude<RunUsers, Auto | { readonly kind: "join" }>;

export function chooseLentUsers(users: AskedUsers, counted: IdMaps): ChosenUsers {
  const chosen = mapsOf(users, counted);
  for (const kind of ["uid", "gid"] as const) {
    if (!chosen[kind].some(({ containerID }) => containerID === 0)) {
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
      return {
        uid: within(
          keepId(users.uid ?? ownId(counted.uid), countLent(counted.uid)),
          counted,
          "user",
        ),
        gid: within(
          keepId(users.gid ?? ownId(counted.gid), countLent(counted.gid)),
          counted,
          "group",
        ),
      };
    case "nomap":
      return {
        uid: within(leaveOut(countLent(counted.uid)), counted, "user"),
        gid: within(leaveOut(countLent(counted.gid)), counted, "group"),
      };
    case "maps":
      return {
        uid: within(users.uid, counted, "user"),
        gid: within(users.gid, counted, "group"),
      };
    case "lent":
      throw new OcicatError("unsupported", {
        operation: "use",
        subject: `the ids of ${quote(users.uidsOf)}`,
        reason: "an ordinary user has no others than their own",
        hint: "--uidmap and --gidmap choose among these",
      });
  }
}

function within(asked: IdMaps["uid"], counted: IdMaps, kind: Kind): IdMaps["uid"] {
  return onHost(asked, kind === "user" ? counted.uid : counted.gid, kind);
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
  const size = users.size ?? neededIds(options, image);
  const mappings = (key: "uid" | "gid", kind: Kind): IdMaps["uid"] => {
    const fixed = within(users[key] ?? [], counted, kind);
    const used = [...taken.flatMap((each) => (each?.kind === "maps" ? each[key] : [])), ...fixed];
    const wanted = missingIds(size, fixed);
    const start = firstFree(counted[key].slice(1).map(rangeOf), used.map(rangeOf), wanted);
    if (start === undefined) {
      throw exhausted(wanted, kind);
    }
    return fillUp(size, start, fixed);
  };
  return {
    kind: "maps",
    uid: mappings("uid", "user"),
    gid: mappings("gid", "group"),
    isAuto: true,
  };
}

function rangeOf({ hostID, size }: IdMaps["uid"][number]): IdRange {
  return { start: hostID, size };
}

function neededIds({ user = "" }: RunContainerOptions, image: RunImage | undefined): number {
  const accounts = image === undefined ? undefined : readAccounts(image.root.lower);
  const asked = user.split(":").filter((word) => /^\d+$/.test(word));
  const ids = [highestId(accounts), ...asked.map(Number)];
  return Math.max(FEWEST, Math.max(...ids) + 1);
}

function exhausted(wanted: number, kind: Kind): OcicatError {
  return new OcicatError("exhausted", {
    operation: "find",
    subject: `${wanted} ${kind} ids that are lent to you`,
    reason: "that many in a row are not free",
    hint: "--userns auto:size=NUMBER takes fewer, `ocicat rm` gives those of a container back",
  });
}
