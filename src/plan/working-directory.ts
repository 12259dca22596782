// The directory that the process starts in, made where the image lacks it, as runc and docker do: an image may say
// one that nothing has made, or that lies in a volume.

import { pathComponents } from "../oci/path-components.ts";
import type { Process } from "../oci/process.ts";
import type { ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { openTarget } from "./paths.ts";

/**
 * As root, while the container's root can still be written to. What goes wrong is told when the
 * directory is entered: one that is closed to root may be open to the user.
 */
export function makeWorkingDirectory(
  program: ProgramBuilder,
  { cwd }: Process,
  root: Register,
): void {
  if (pathComponents(cwd).length === 0) {
    return;
  }
  program.because("process.cwd");
  const refused = program.label();
  const directory = openTarget(program, { root, path: cwd, missing: "directory", refused });
  program.close(directory);
  program.place(refused);
}
