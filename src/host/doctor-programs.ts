// Programs of others that ocicat uses where they are installed.

import { type Check, note, ok } from "./doctor-check.ts";
import { findProgram } from "./find-program.ts";

export function checkPrograms(path: string | undefined): Check[] {
  return [judgeCompressor(findProgram("igzip", path))];
}

/** src/image/formats/compress.ts has the figures. */
export function judgeCompressor(igzip: string | undefined): Check {
  const name = "igzip";
  return igzip === undefined
    ? note(
        name,
        "not installed: layers are compressed with gzip at a third of the speed",
        "apt install isal (Debian, Ubuntu), dnf install isa-l-tools (Fedora)",
      )
    : ok(name, igzip);
}
