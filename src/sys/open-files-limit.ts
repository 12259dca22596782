// RLIMIT_NOFILE. Bun raises the soft limit to the hard one when it starts, and every child would
// inherit that.

import { call } from "./call.ts";
import { addressOf } from "./entry.ts";
import { setU64, words } from "./memory.ts";

const RLIMIT_NOFILE = 7;
/** What this program itself needs; a caller with less gets containers with this much. */
const ENOUGH = 64;

interface Limit {
  readonly soft: number;
  readonly hard: number;
}

/** Back to what the caller had. A failure leaves the limit higher, which harms nobody. */
export function restoreOpenFilesLimit({ soft, hard }: Limit): void {
  const limit = words(4);
  setU64(limit, 0, Math.max(soft, Math.min(ENOUGH, hard)));
  setU64(limit, 2, hard);
  call("prlimit64", 0, RLIMIT_NOFILE, addressOf(limit), 0);
}
