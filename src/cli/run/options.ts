// From the words of the command line to the options of the engine: what most containers are told. Whatever
// else is given is read by further-options.ts, which a short command does not load.

import { withoutSlash } from "../../engine/containers/container-names.ts";
import { plainOptions } from "../../engine/plain-options.ts";
import type { RunContainerOptions, RunSource } from "../../engine/run-options.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { RUN_FLAGS, RunFlags } from "./flags.ts";
import { given } from "./given.ts";
import { parseVariables } from "./variables.ts";
import { parseVolume, requirePlaces } from "./volumes.ts";

export interface Surroundings {
  /** Of a path as it was typed. */
  readonly absolute: (path: string) => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Those that are read here. */
const COMMON = (
  [
    ...(["interactive", "tty", "detach", "rm", "rootfs", "name", "env", "env-file"] as const),
    ...(["volume", "workdir", "user", "network", "read-only", "store", "root"] as const),
    ...(["quiet", "replace"] as const),
  ] satisfies readonly (keyof typeof RUN_FLAGS)[]
).map(String);

export async function runOptions(
  flags: RunFlags,
  around: Surroundings,
): Promise<RunContainerOptions> {
  const { source, command } = whatToRun(flags);
  const { absolute } = around;
  const isCommon = flags.names.every((name) => COMMON.includes(name)) && hasPlainNetwork(flags);
  const further = isCommon
    ? volumeOptions(flags, around)
    : (await import("./further-options.ts")).furtherOptions(flags, around);
  return plainOptions(source, command, {
    ...given(flags.text("name"), (name) => ({ name: withoutSlash(name) })),
    ...given(flags.text("workdir"), (workdir) => ({ workdir })),
    ...given(flags.text("user"), (user) => ({ user })),
    interactive: flags.switch("interactive"),
    terminal: flags.switch("tty"),
    remove: flags.switch("rm") || flags.switch("rmi"),
    detach: flags.switch("detach"),
    readOnly: flags.switch("read-only"),
    ...given(flags.text("store"), (path) => ({ storeRoot: absolute(path) })),
    ...given(flags.text("root"), (path) => ({ stateRoot: absolute(path) })),
    ...further,
  });
}

function hasPlainNetwork(flags: RunFlags): boolean {
  return ["none", "host"].includes(flags.text("network") ?? "none");
}

function volumeOptions(flags: RunFlags, around: Surroundings): Partial<RunContainerOptions> {
  const parsed = flags.list("volume").map((text) => parseVolume(text, around.absolute));
  const volumes = parsed.flatMap((each) => (each.kind === "volume" ? [each.volume] : []));
  const mounts = parsed.flatMap((each) => (each.kind === "bind" ? [each.mount] : []));
  requirePlaces([...mounts, ...volumes].map(({ destination }) => destination));
  return {
    env: parseVariables(flags, around.environment),
    mounts,
    ...(volumes.length === 0 ? {} : { volumes }),
    network: flags.text("network") === "host" ? "host" : "none",
  };
}

function whatToRun(flags: RunFlags): {
  readonly source: RunSource;
  readonly command: readonly string[];
} {
  const path = flags.text("rootfs");
  if (path !== undefined) {
    return { source: { kind: "rootfs", path }, command: flags.args };
  }
  const [image, ...command] = flags.args;
  if (image === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "run",
      subject: "a container",
      reason: "there is no image",
      hint: "`ocicat run hello` shows that it works; `ocicat run --help` shows the rest",
    });
  }
  return {
    source: image === "hello" ? { kind: "hello" } : { kind: "image", reference: image },
    command,
  };
}
