// Whether a folder for the state of what runs is the user's: what is there says what is executed and who gets signals.

import { stat } from "../sys/file.ts";

const WRITABLE_BY_ALL = 0o002;

/** Or it is not there yet. */
export function isOwnFolder(path: string, uid: number): boolean {
  const status = stat(path);
  return status === undefined || (status.uid === uid && (status.mode & WRITABLE_BY_ALL) === 0);
}
