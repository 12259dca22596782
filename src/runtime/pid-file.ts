// The file that tells a caller the pid of a container's process.

import { AT_FDCWD, O_CREAT, O_TRUNC, O_WRONLY } from "../abi/file.ts";
import { quote } from "../error/ocicat-error.ts";
import { OwnedFd, openAt, renameAt, writeAll } from "../sys/file.ts";
import { encodeText } from "../sys/memory.ts";

/**
 * Decimal digits without a newline; readers see the whole of them or no file. What is in /dev is written to: a file in
 * the place of /dev/null would be everybody's.
 */
export function writePidFile(path: string, pid: number): void {
  const slash = path.lastIndexOf("/") + 1;
  const isDevice = path.startsWith("/dev/");
  const temporary = isDevice ? path : `${path.slice(0, slash)}.${path.slice(slash)}`;
  {
    using file = new OwnedFd(openAt(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o666));
    writeAll(file.number, encodeText(String(pid)), quote(temporary));
  }
  if (!isDevice) {
    renameAt(AT_FDCWD, temporary, AT_FDCWD, path);
  }
}
