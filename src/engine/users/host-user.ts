// Who the user is on the host: passwd(5), group(5).

import { readTextFileIfExists } from "../../sys/file.ts";
import type { HostUser } from "../run-accounts.ts";

/** Undefined: the host's /etc/passwd does not know the user. */
export function findHostUser(uid: number): HostUser | undefined {
  const found = linesOf("/etc/passwd").find((fields) => fields[2] === String(uid));
  if (found === undefined) {
    return undefined;
  }
  const [name = "", , , gid = "", fullName = "", home = "/"] = found;
  const [group = name] = linesOf("/etc/group").find((fields) => fields[2] === gid) ?? [];
  return { name, fullName, home, group };
}

function linesOf(path: string): readonly (readonly string[])[] {
  return (readTextFileIfExists(path) ?? "").split("\n").map((line) => line.split(":"));
}
