// What the quick program does not have: the compiled program, ocicat.bin beside it, is executed instead, with the
// same words, environment and descriptors. That is so wherever the code asks for a module that needs
// Bun (tools/quick-bundle.ts).

import { AT_FDCWD, O_PATH } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { OtherProgramNeeded } from "../error/other-program.ts";
import { call } from "../sys/call.ts";
import { readDirectoryAt } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { LAUNCH_VARIABLE, type LaunchNotes, parseLaunchNotes } from "../sys/launch-notes.ts";
import { cstring } from "../sys/memory.ts";
import { compiledProgram } from "./compiled-program.ts";

const F_SETFD = 2;
const LAST_STANDARD_FD = 2;

/** Throws OtherProgramNeeded. `wanted` is what was asked for. */
export function fallBack(wanted: string): never {
  throw new OtherProgramNeeded(wanted, () => executeCompiled(wanted));
}

function executeCompiled(wanted: string): never {
  const path = compiledProgram();
  restoreSurroundings();
  const { argumentsAt, environmentAt } = native;
  const error = call("execve", cstring(path), argumentsAt, environmentAt);
  throw new OcicatError("not-found", {
    operation: "execute",
    subject: quote(path),
    errno: -error,
    hint: `${wanted} needs it; it is installed beside the quick program`,
  });
}

/** As they were when this program began: what is open now was inherited, and this program has marked it. */
function restoreSurroundings(): void {
  for (const name of openDescriptors()) {
    call("fcntl", name, F_SETFD, 0);
  }
  const prefix = `${LAUNCH_VARIABLE}=`;
  const entry = native.environment.find((each) => each.startsWith(prefix));
  if (entry !== undefined) {
    leaveLostDirectory(parseLaunchNotes(entry.slice(prefix.length)));
  }
}

function openDescriptors(): number[] {
  const names = readDirectoryAt(AT_FDCWD, "/proc/self/fd").map(({ name }) => Number(name));
  return names.filter((fd) => fd > LAST_STANDARD_FD);
}

/** Bun does not start in a directory that was deleted. */
function leaveLostDirectory({ lostDirectory }: LaunchNotes): void {
  if (lostDirectory !== undefined) {
    const flags = O_PATH | hostArchitecture.openFlags.O_DIRECTORY;
    const fd = call("openat", AT_FDCWD, cstring("."), flags);
    call("dup3", fd, lostDirectory, 0);
    call("chdir", cstring("/"));
  }
}
