// Users and groups by the texts of an image's /etc/passwd and /etc/group (passwd(5), group(5)), with the
// rules that images are written for, those of Docker and runc:
//
//   USER is a name, or a number that need not have a line; nothing at all means 0.
//   Without GROUP the user's line gives the group, and /etc/group the supplementary groups; a number
//   without a line has group 0. With GROUP there are no supplementary groups.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { ImageAccounts } from "../image/accounts.ts";
import { textLines } from "../oci/text-lines.ts";

export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly supplementaryGids: readonly number[];
  readonly home: string;
}

interface PasswdLine {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupLine {
  readonly name: string;
  readonly gid: number;
  /** With commas between them. */
  readonly members: string;
}

const HIGHEST_ID = 0xffff_fffe;
/** Of a line of /etc/passwd; what comes behind them is nothing. */
const MOST_FIELDS = 7;

/** `user` is USER[:GROUP]; empty means root. Throws invalid-argument for a name without a line. */
export function findAccount(user: string, accounts: ImageAccounts): Account {
  const colon = user.indexOf(":");
  const userPart = (colon < 0 ? user : user.slice(0, colon)) || "0";
  const groupPart = colon < 0 ? "" : user.slice(colon + 1);
  const number = parseId(userPart);
  const line = passwdLines(accounts.passwd).find(
    ({ name, uid }) => name === userPart || uid === number,
  );
  const uid = line?.uid ?? number;
  if (uid === undefined) {
    throw unknown("user", userPart, "/etc/passwd");
  }
  const home = line?.home || "/";
  if (groupPart !== "") {
    return { uid, gid: findGroup(groupPart, accounts), supplementaryGids: [], home };
  }
  const supplementaryGids =
    line === undefined
      ? []
      : groupLines(accounts.group)
          .filter(({ members }) => `,${members},`.includes(`,${line.name},`))
          .map(({ gid }) => gid)
          .toArray();
  return { uid, gid: line?.gid ?? 0, supplementaryGids, home };
}

/** The id of a group that is given by name or number. */
export function findGroup(group: string, accounts: ImageAccounts): number {
  const number = parseId(group);
  const gid = number ?? groupLines(accounts.group).find(({ name }) => name === group)?.gid;
  if (gid === undefined) {
    throw unknown("group", group, "/etc/group");
  }
  return gid;
}

function unknown(kind: string, name: string, file: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "find",
    subject: `the ${kind} ${quote(name)}`,
    reason: `the image's ${file} has no such name`,
  });
}

function parseId(text: string): number | undefined {
  const id = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  return id <= HIGHEST_ID ? id : undefined;
}

/** Lines that are not understood are skipped: a broken line must not become an id of 0. */
function* passwdLines(text: string): Generator<PasswdLine, void> {
  for (const line of textLines(text)) {
    const fields = line.trim().split(":", MOST_FIELDS);
    const [name = "", , uidText = "", gidText = "", , home = ""] = fields;
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    if (name !== "" && uid !== undefined && gid !== undefined) {
      yield { name, uid, gid, home };
    }
  }
}

function* groupLines(text: string): Generator<GroupLine, void> {
  for (const line of textLines(text)) {
    const [name = "", , gidText = "", members = ""] = line.trim().split(":", MOST_FIELDS);
    const gid = parseId(gidText);
    if (name !== "" && gid !== undefined) {
      yield { name, gid, members };
    }
  }
}
