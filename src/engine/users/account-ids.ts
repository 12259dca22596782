// Which ids the accounts of an image have. No I/O.

import type { ImageAccounts } from "../../image/accounts.ts";

/** Most images have them, and hardly any file belongs to them. */
const NOBODIES = ["nobody", "nogroup"];
const NOBODY = 65_534;

/** 0 where there are no accounts. */
export function highestId({ passwd, group }: ImageAccounts = { passwd: "", group: "" }): number {
  const ids = [
    ...fieldsOf(passwd).flatMap(([, , uid, gid]) => [uid, gid]),
    ...fieldsOf(group).map(([, , gid]) => gid),
  ];
  return ids
    .map((text) => (text !== undefined && /^\d+$/.test(text) ? Number(text) : 0))
    .reduce((highest, id) => (id === NOBODY ? highest : Math.max(highest, id)), 0);
}

function fieldsOf(text: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([name = ""]) => name !== "" && !NOBODIES.includes(name));
}
