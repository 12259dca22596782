// HOME for a process whose configuration does not say it: what the container's /etc/passwd has for its
// user, or "/". Engines leave this to the runtime.

import {
  AT_FDCWD,
  O_PATH,
  O_RDONLY,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  S_IFMT,
  S_IFREG,
} from "../abi/file.ts";
import type { Mount } from "../oci/mount.ts";
import { isBindMount } from "../oci/mount-options.ts";
import type { Process } from "../oci/process.ts";
import { textLines } from "../oci/text-lines.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, readAll, statAt, tryOpenAt, tryOpenAt2, tryReopen } from "../sys/file.ts";
import { decodeText } from "../sys/memory.ts";

const ACCOUNTS = "/etc/passwd";
/** More than 20,000 accounts; whoever writes nonsense into it keeps no command busy for long. */
const LARGEST_FILE = 2 * 1024 * 1024;
const UID_FIELD = 2;
const HOME_FIELD = 5;

interface ContainerFiles {
  /** The root file system as the host sees it; absent: its files cannot be read. */
  readonly rootPath: string | undefined;
  /** Mounts that are still to come. */
  readonly mounts?: readonly Mount[];
}

export function withHome(process: Process, files: ContainerFiles): Process {
  const env = process.env ?? [];
  if (env.some((variable) => variable.startsWith("HOME=") && variable !== "HOME=")) {
    return process;
  }
  const home = homeOf(process.user.uid, readAccounts(files));
  return { ...process, env: [...env.filter((each) => each !== "HOME="), `HOME=${home}`] };
}

function homeOf(uid: number, accounts: string): string {
  for (const line of textLines(accounts)) {
    const fields = line.split(":", HOME_FIELD + 1);
    if (fields[UID_FIELD] === String(uid) && fields[HOME_FIELD] !== undefined) {
      return fields[HOME_FIELD];
    }
  }
  return "/";
}

function readAccounts({ rootPath, mounts = [] }: ContainerFiles): string {
  const mount = mounts.findLast(({ destination }) => destination === ACCOUNTS);
  if (mount?.source !== undefined && isBindMount(mount)) {
    const fd = tryOpenAt(AT_FDCWD, mount.source, O_PATH);
    return fd < 0 ? "" : readRegular(fd);
  }
  const pathFlags = O_PATH | hostArchitecture.openFlags.O_DIRECTORY;
  const rootFd = rootPath === undefined ? -1 : tryOpenAt(AT_FDCWD, rootPath, pathFlags);
  if (rootFd < 0) {
    return "";
  }
  using root = new OwnedFd(rootFd);
  // The container's own file: a link in it leads nowhere else.
  const how = { flags: O_PATH, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
  const fd = tryOpenAt2(root.number, ACCOUNTS, how);
  return fd < 0 ? "" : readRegular(fd);
}

/** `pathFd`: of O_PATH. A container may have put a device there, which is to notice nothing. */
function readRegular(pathFd: number): string {
  using place = new OwnedFd(pathFd);
  const status = statAt(place.number, "");
  const isReadable =
    ((status?.mode ?? 0) & S_IFMT) === S_IFREG && (status?.size ?? 0) <= LARGEST_FILE;
  using file = new OwnedFd(isReadable ? tryReopen(place.number, O_RDONLY) : -1);
  return file.number < 0 ? "" : decodeText(readAll(file.number, ACCOUNTS, LARGEST_FILE));
}
