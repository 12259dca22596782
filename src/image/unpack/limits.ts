// How large a layer may be, whatever it is turned into.

import { DEFAULT_TAR_LIMITS, type TarLimits } from "../tar/entry.ts";

export interface TreeLimits {
  /** Of directories inside each other. */
  readonly depth: number;
  /** Of all directories, those that are only implied too: one short path may imply hundreds. */
  readonly directories: number;
}

export interface UnpackLimits extends TarLimits, TreeLimits {
  /** Of uncompressed to compressed bytes, once `ratioFreeBytes` have come out. */
  readonly ratio: number;
  readonly ratioFreeBytes: number;
}

export const DEFAULT_UNPACK_LIMITS: UnpackLimits = {
  ...DEFAULT_TAR_LIMITS,
  depth: 512,
  directories: DEFAULT_TAR_LIMITS.entries,
  ratio: 200,
  ratioFreeBytes: 1024 ** 3,
};
