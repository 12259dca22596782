// An overlay that is mounted nowhere, to look at the files of a container that does not run.

import { O_PATH } from "../abi/file.ts";
import { OVERLAY_OPTIONS } from "../abi/mount.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { hostArchitecture } from "./entry.ts";
import { OwnedFd, open } from "./file.ts";
import { takesLayersOneByOne } from "./kernel-version.ts";
import { cstring } from "./memory.ts";
import { type MountParameter, makeDetachedMount } from "./mount-context.ts";

export interface OverlayDirectories {
  /** Topmost first; absolute. */
  readonly lower: readonly string[];
  readonly upper: string;
  readonly work: string;
  /** Overlay attributes under user.overlay: what a user namespace may do. */
  readonly userXattr?: boolean;
}

export function makeDetachedOverlay(directories: OverlayDirectories): OwnedFd {
  const { lower, upper, work, userXattr = false } = directories;
  const own: readonly MountParameter[] = [
    ["upperdir", upper],
    ["workdir", work],
    ...OVERLAY_OPTIONS,
    ...(userXattr ? ([["userxattr"]] as const) : []),
  ];
  if (!takesLayersOneByOne()) {
    return mountByNumbers(lower, own);
  }
  try {
    return mount([...lower.map((path) => ["lowerdir+", path] as const), ...own]);
  } catch (error) {
    if (!(error instanceof OcicatError) || error.errno !== Errno.EINVAL) {
      throw error;
    }
    return mountByNumbers(lower, own);
  }
}

/**
 * Kernels before 6.8 take all layers in one text, and fsconfig takes no more than 255 bytes. The numbers
 * of descriptors, relative to the folder that lists them, are short enough for 80 layers.
 */
function mountByNumbers(lower: readonly string[], own: readonly MountParameter[]): OwnedFd {
  const directory = hostArchitecture.openFlags.O_DIRECTORY;
  using resources = new DisposableStack();
  using before = new OwnedFd(open(".", O_PATH | directory));
  const numbers = lower.map(
    (path) => resources.use(new OwnedFd(open(path, O_PATH | directory))).number,
  );
  checked(call("chdir", cstring("/proc/self/fd")), "go to", '"/proc/self/fd"');
  try {
    return mount([["lowerdir", numbers.join(":")], ...own]);
  } finally {
    call("fchdir", before.number);
  }
}

function mount(parameters: readonly MountParameter[]): OwnedFd {
  return makeDetachedMount({ fileSystem: "overlay", parameters, attributes: 0 });
}
