// Lines that a container has in its /etc/passwd and /etc/group beside those of its image. The files are made
// anew at each start, in the container's folder, and mounted in the place of the image's: what adds users
// inside by another file that it renames does not work there.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ImageAccounts } from "../image/accounts.ts";
import type { Mount } from "../oci/mount.ts";
import { textLines } from "../oci/text-lines.ts";
import { readTextFile } from "../sys/file.ts";
import { type Account, findAccount } from "./accounts.ts";
import { nameMount, writeReadable } from "./run-names.ts";
import type { RunContainerOptions } from "./run-options.ts";

export interface RunAccounts {
  /** A line for the container's user, where there is none; absent: only if it is one of the host's. */
  readonly addsUser?: boolean;
  /** The container's user is this one of the host's: --userns keep-id. */
  readonly hostUser?: HostUser;
  /** The line, where there is none; with $USERNAME, $UID, $GID, $NAME and $HOME for those of its user. */
  readonly passwdEntry?: string;
  /** Likewise of its group, with $GROUPNAME, $GID and $USERLIST. */
  readonly groupEntry?: string;
  /** Names of the host's. */
  readonly hostUsers: readonly string[];
}

export interface HostUser {
  readonly name: string;
  readonly fullName: string;
  readonly home: string;
  readonly group: string;
}

/** Whose lines are asked for. */
export interface AccountsUser {
  /** USER[:GROUP] of the container's process. */
  readonly user: string;
  /** The home of a user who has none there. */
  readonly workdir: string;
  /** Where something is mounted. */
  readonly places: readonly string[];
}

export function asksForAccounts(accounts: RunAccounts | undefined): accounts is RunAccounts {
  return (
    accounts !== undefined &&
    (addsLines(accounts) ||
      (accounts.passwdEntry ?? accounts.groupEntry ?? accounts.hostUsers[0]) !== undefined)
  );
}

function addsLines({ addsUser, hostUser }: RunAccounts): boolean {
  return addsUser ?? hostUser !== undefined;
}

export function withAccounts(
  image: ImageAccounts,
  asked: AccountsUser,
  accounts: RunAccounts,
): ImageAccounts {
  const { passwdEntry, groupEntry, hostUsers } = accounts;
  const passwd = withLines(image.passwd, hostUsers.map(hostLine));
  const account = findAccount(asked.user, { passwd, group: image.group });
  const variables = variablesOf(asked, account, accounts);
  const adds = addsLines(accounts);
  const ownLine = passwdEntry ?? (adds ? "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh" : "");
  const groupLine = groupEntry ?? (adds ? "$GROUPNAME:x:$GID:$USERLIST" : "");
  const unlessThere = (text: string, ids: readonly (string | undefined)[], line: string): string =>
    withLines(text, hasOneOf(text, ids) ? [] : [filled(line, variables)]);
  const { USERNAME, UID, GROUPNAME, GID } = variables;
  return {
    passwd: unlessThere(passwd, [USERNAME, UID], ownLine),
    group: unlessThere(image.group, [GROUPNAME, GID], groupLine),
  };
}

function variablesOf(
  asked: AccountsUser,
  account: Account,
  { hostUser }: RunAccounts,
): Readonly<Record<string, string>> {
  const [word = ""] = asked.user.split(":", 1);
  const { uid, gid } = account;
  const name = hostUser?.name ?? (/^\d*$/.test(word) ? String(uid) : word);
  return {
    USERNAME: name,
    UID: String(uid),
    GID: String(gid),
    NAME: hostUser?.fullName ?? "container user",
    HOME: hostUser === undefined ? account.home : homeInside(hostUser, asked),
    GROUPNAME: hostUser?.group ?? String(gid),
    USERLIST: name,
  };
}

/** The host's, where that is mounted: as podman has it. */
function homeInside({ home }: HostUser, { workdir, places }: AccountsUser): string {
  const isThere = places.some((place) => home === place || home.startsWith(`${place}/`));
  return isThere ? home : workdir;
}

function filled(line: string, variables: Readonly<Record<string, string>>): string {
  return line.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (written, braced, plain) => {
    return variables[braced ?? plain] ?? written;
  });
}

/** The first and the third field of both files. */
function hasOneOf(text: string, words: readonly (string | undefined)[]): boolean {
  return textLines(text).some((line) => {
    const [name, , id] = line.split(":", 3);
    return words.includes(name) || words.includes(id);
  });
}

function withLines(text: string, lines: readonly string[]): string {
  const ended = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const added = lines.filter((line) => line !== "").map((line) => `${line}\n`);
  return `${ended}${added.join("")}`;
}

function hostLine(name: string): string {
  const lines = readTextFile("/etc/passwd").split("\n");
  const line = lines.find((each) => each.startsWith(`${name}:`));
  if (line === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `the user ${quote(name)}`,
      reason: "the host's /etc/passwd has no such name",
    });
  }
  // Its password is nobody's business.
  const [, , ...fields] = line.split(":");
  return [name, "*", ...fields].join(":");
}

/** Writes the files into the container's folder. */
export function accountMounts(
  accounts: ImageAccounts,
  folder: { readonly fd: number; readonly path: string },
  options: RunContainerOptions,
): Mount[] {
  return (["passwd", "group"] as const).map((name) => {
    writeReadable(folder.fd, name, accounts[name]);
    return nameMount(`/etc/${name}`, `${folder.path}/${name}`, options);
  });
}
