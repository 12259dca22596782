// What `ocicat run` means where no flag says otherwise, for whoever makes containers without its flags: programs
// that have the engine as a library, and the engine itself.

import type { RunContainerOptions, RunSource } from "./run-options.ts";

/** An image by its name, or anything else that a container is made of. */
export type Source = string | RunSource;

/** `ocicat run SOURCE COMMAND...`; `chosen` are the flags. */
export function plainOptions(
  source: Source,
  command: readonly string[] = [],
  chosen: Partial<Omit<RunContainerOptions, "source" | "command">> = {},
): RunContainerOptions {
  return {
    source: typeof source === "string" ? { kind: "image", reference: source } : source,
    command,
    env: [],
    interactive: false,
    terminal: false,
    remove: false,
    readOnly: false,
    mounts: [],
    tmpfs: [],
    network: "none",
    limits: {},
    systemdCgroup: false,
    ...chosen,
  };
}
