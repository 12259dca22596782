// Where the supervisor of a store's containers has its files. There is one for each store and state folder.
//
//   STATE ROOT/.supervisor/KEY.lock   flock: held by the supervisor, or by who is to become it; what stands in
//                                     it: supervisor-lock.ts
//                          KEY.log    what went wrong, KEY.log.1 before that: supervisor-log.ts
//
// KEY is made of the store's path.

import { makeDirectories } from "../../sys/file.ts";
import type { Surroundings } from "../surroundings.ts";

const PRIVATE = 0o700;
const KEY_LENGTH = 16;

export interface SupervisorPlace {
  readonly folder: string;
  readonly lockPath: string;
  readonly logPath: string;
}

export function supervisorPlace({
  storeRoot,
  stateRoot,
}: Pick<Surroundings, "storeRoot" | "stateRoot">): SupervisorPlace {
  const folder = `${stateRoot}/.supervisor`;
  const hash = new Bun.CryptoHasher("sha256").update(storeRoot).digest("hex");
  const start = `${folder}/${hash.slice(0, KEY_LENGTH)}`;
  return { folder, lockPath: `${start}.lock`, logPath: `${start}.log` };
}

export function makeSupervisorFolder({ folder }: SupervisorPlace): void {
  makeDirectories(folder, PRIVATE);
}
