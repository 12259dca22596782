// Where a program is, as execvp(3) looks for it.

import { AT_FDCWD, S_IFMT, S_IFREG } from "../abi/file.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { call } from "../sys/call.ts";
import { stat } from "../sys/file.ts";
import { cstring } from "../sys/memory.ts";

const X_OK = 1;
const USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The first executable file of that name in the folders of `path`, a value of PATH. */
export function findProgram(name: string, path = USUAL_PATH): string | undefined {
  return path
    .split(":")
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => `${folder}/${name}`)
    .find(isProgram);
}

function isProgram(path: string): boolean {
  return call("faccessat2", AT_FDCWD, cstring(path), X_OK, 0) === 0 && isFile(path);
}

function isFile(path: string): boolean {
  try {
    return ((stat(path)?.mode ?? 0) & S_IFMT) === S_IFREG;
  } catch (error) {
    if (error instanceof OcicatError) {
      return false;
    }
    throw error;
  }
}
