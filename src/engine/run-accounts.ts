// Lines that a container has in its /etc/passwd and /etc/group beside those of its image. The files are made
// anew at each start, in the container's folder, and mounted in the place of the image's: what adds users
// inside by another file that it renames does not work there.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ImageAccounts } from "../image/accounts.ts";
import type { Mount } from "../oci/mount.ts";
import { readTextFile } from "../sys/file.ts";
import { type Account, findAccount } from "./accounts.ts";
import { nameMount, writeReadable } from "./run-names.ts";
import type { RunContainerOptions } from "./run-options.ts";

export interface RunAccounts {
  /** A line for the container's user, where there is none. */
  readonly addsUser: boolean;
  /** The line, where there is none; with $USERNAME, $UID, $GID, $NAME and $HOME for those of its user. */
  readonly passwdEntry?: string;
  /** Likewise of its group, with $GROUPNAME, $GID and $USERLIST. */
  readonly groupEntry?: string;
  /** Names of the host's. */
  readonly hostUsers: readonly string[];
}

/** `user`: USER[:GROUP] of the container's process. */
export function withAccounts(
  image: ImageAccounts,
  user: string,
  { addsUser, passwdEntry, groupEntry, hostUsers }: RunAccounts,
): ImageAccounts {
  const passwd = withLines(image.passwd, hostUsers.map(hostLine));
  const account = findAccount(user, { passwd, group: image.group });
  const [userWord = ""] = user.split(":", 1);
  const name = /^\d*$/.test(userWord) ? String(account.uid) : userWord;
  const variables = variablesOf(name, account);
  const ownLine = passwdEntry ?? (addsUser ? "$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh" : "");
  const groupLine = groupEntry ?? (addsUser ? "$GROUPNAME:x:$GID:$USERLIST" : "");
  const unlessThere = (text: string, id: number, line: string): string =>
    withLines(text, hasId(text, id) ? [] : [filled(line, variables)]);
  return {
    passwd: unlessThere(passwd, account.uid, ownLine),
    group: unlessThere(image.group, account.gid, groupLine),
  };
}

function variablesOf(name: string, { uid, gid, home }: Account): Readonly<Record<string, string>> {
  return {
    USERNAME: name,
    UID: String(uid),
    GID: String(gid),
    NAME: "container user",
    HOME: home,
    GROUPNAME: String(gid),
    USERLIST: name,
  };
}

function filled(line: string, variables: Readonly<Record<string, string>>): string {
  return line.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (written, braced, plain) => {
    return variables[braced ?? plain] ?? written;
  });
}

/** The third field of both files. */
function hasId(text: string, id: number): boolean {
  return text.split("\n").some((line) => line.split(":")[2] === String(id));
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
