// The user namespace that this process is in.

import { AT_FDCWD } from "../abi/file.ts";
import { readLinkAt } from "../sys/file.ts";

/** The kernel's number of the first user namespace: PROC_USER_INIT_INO. */
const INITIAL_USER_NAMESPACE = "user:[4026531837]";

/** Only there are privileges over the host's own mounts and ids. */
export function isInitialUserNamespace(): boolean {
  return readLinkAt(AT_FDCWD, "/proc/self/ns/user") === INITIAL_USER_NAMESPACE;
}
