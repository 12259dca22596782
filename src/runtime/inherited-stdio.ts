// Which of its standard descriptors the container's user is to own.

import { S_IFCHR, S_IFIFO, S_IFMT } from "../abi/file.ts";
import { statAt } from "../sys/file.ts";

/** Unix98 pseudo terminals have the major numbers 136 to 143. */
const FIRST_PTY_MAJOR = 136;
const LAST_PTY_MAJOR = 143;

/**
 * Those of descriptors 0 to 2 that are pipes or terminals: never the null device, never a file. `standardFds`:
 * what they will be; our own when absent.
 */
export function ownedStdio(standardFds: readonly [number, number, number] = [0, 1, 2]): number[] {
  return [0, 1, 2].filter((fd) => {
    const status = statAt(standardFds[fd] ?? fd, "");
    const type = (status?.mode ?? 0) & S_IFMT;
    const major = status?.specialDevice.major ?? 0;
    const isTerminal = type === S_IFCHR && major >= FIRST_PTY_MAJOR && major <= LAST_PTY_MAJOR;
    return type === S_IFIFO || isTerminal;
  });
}
