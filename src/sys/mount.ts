// The little that the runtime itself does to mounts: all others are ops of a program.

import { MNT_DETACH } from "../abi/mount.ts";
import { quote } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { cstring } from "./memory.ts";

/** Takes a mount, and what is mounted below it, out of this mount namespace; users of it keep it. */
export function detachMount(path: string): void {
  checked(call("umount2", cstring(path), MNT_DETACH), "unmount", quote(path));
}
