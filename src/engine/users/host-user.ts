// Who the user is on the host: passwd(5), group(5).

import { readAccounts } from "../../image/accounts.ts";
import type { HostUser } from "../run-accounts.ts";

/** Undefined: the host's /etc/passwd does not know the user. */
export function findHostUser(uid: number): HostUser | undefined {
  const accounts = readAccounts(["/"]);
  const found = linesOf(accounts.passwd).find((fields) => fields[2] === String(uid));
  if (found === undefined) {
    return undefined;
  }
  const [name = "", , , gid = "", fullName = "", home = "/"] = found;
  const [group = name] = linesOf(accounts.group).find((fields) => fields[2] === gid) ?? [];
  return { name, fullName, home, group };
}

function linesOf(text: string): readonly (readonly string[])[] {
  return text.split("\n").map((line) => line.split(":"));
}
