// Where the commands run.
//
// crun refuses a host whose cgroup v2 tree holds controllers beside those of v1, so every runtime runs
// in a mount namespace without that tree. hyperfine is started in it: no command pays for entering.

import { existsSync } from "node:fs";
import { must } from "../peers/command.ts";

const V2_TREE = "/sys/fs/cgroup/unified";

const OWN_MOUNTS = ["unshare", "--mount", "--propagation=private", "sh", "-c"];

const WITHOUT_V2_TREE = [...OWN_MOUNTS, `umount ${V2_TREE} && exec "$@"`, "session"];

export function isHybridHost(): boolean {
  return existsSync(`${V2_TREE}/cgroup.controllers`);
}

/** The words that put a command into the session that all runtimes can run in. */
export function commonSession(): readonly string[] {
  return isHybridHost() ? WITHOUT_V2_TREE : [];
}

export function inCommonSession(command: readonly string[]): Promise<string> {
  return must([...commonSession(), ...command], { seconds: 600 });
}

/** The same, but always in a mount namespace of its own, whose name is written to a file. */
export function privateSession(note: string): readonly string[] {
  const script = `readlink /proc/self/ns/mnt > "$0" && umount ${V2_TREE} 2>/dev/null; exec "$@"`;
  return [...OWN_MOUNTS, script, note];
}
