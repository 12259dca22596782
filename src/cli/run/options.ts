// From the words of the command line to the options of the engine.

import type { RunContainerOptions, RunLimits, RunSource } from "../../engine/run-options.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readTextFile } from "../../sys/file.ts";
import type { FlagName } from "./flags.ts";
import { parseMount, parseTmpfs, parseVolume } from "./mounts.ts";
import type { ParsedWords } from "./parse.ts";
import {
  parseCpus,
  parseEntrypoint,
  parseMemory,
  parseNetwork,
  parsePidsLimit,
  variables,
} from "./values.ts";

export interface Surroundings {
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function runOptions(parsed: ParsedWords, around: Surroundings): RunContainerOptions {
  const flags = new Values(parsed);
  const { source, command } = whatToRun(flags, parsed.words);
  const files = flags.all("env-file").map((path) => readTextFile(path));
  const entries = flags.all("env");
  const absolute = (path: string): string =>
    path.startsWith("/") ? path : `${around.workingDirectory}/${path}`;
  return {
    source,
    command,
    ...flags.if("entrypoint", (text) => ({ entrypoint: parseEntrypoint(text) })),
    ...flags.if("name", (name) => ({ name })),
    env: variables({ files, entries, own: around.environment }),
    ...flags.if("workdir", (workdir) => ({ workdir })),
    ...flags.if("user", (user) => ({ user })),
    ...flags.if("hostname", (hostname) => ({ hostname })),
    interactive: flags.isOn("interactive"),
    terminal: flags.isOn("tty"),
    remove: flags.isOn("rm"),
    readOnly: flags.isOn("read-only"),
    ...mountOptions(flags, around.workingDirectory),
    network: parseNetwork(flags.last("network") ?? "none"),
    limits: limits(flags),
    systemdCgroup: flags.isOn("systemd-cgroup"),
    ...flags.if("store", (path) => ({ storeRoot: absolute(path) })),
    ...flags.if("root", (path) => ({ stateRoot: absolute(path) })),
  };
}

class Values {
  readonly #values: ParsedWords["values"];

  constructor({ values }: ParsedWords) {
    this.#values = values;
  }

  all(name: FlagName): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  last(name: FlagName): string | undefined {
    return this.all(name).at(-1);
  }

  isOn(name: FlagName): boolean {
    return this.last(name) === "true";
  }

  /** Properties for a flag that is given; none for one that is not. */
  if<Properties>(name: FlagName, make: (value: string) => Properties): Properties | undefined {
    const value = this.last(name);
    return value === undefined ? undefined : make(value);
  }
}

function whatToRun(
  flags: Values,
  words: readonly string[],
): { readonly source: RunSource; readonly command: readonly string[] } {
  const path = flags.last("rootfs");
  if (path !== undefined) {
    return { source: { kind: "rootfs", path }, command: words };
  }
  const [image, ...command] = words;
  if (image === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "run",
      subject: "a container",
      reason: "there is no image",
      hint: "`ocicat run hello` shows that it works; `ocicat run --help` shows the rest",
    });
  }
  if (image !== "hello" && !image.startsWith("oci:")) {
    throw new OcicatError("invalid-argument", {
      operation: "run",
      subject: `the image ${quote(image)}`,
      reason: "images are oci:LAYOUT[:TAG] or hello; registries are not there yet",
    });
  }
  return {
    source: image === "hello" ? { kind: "hello" } : { kind: "image", reference: image },
    command,
  };
}

function mountOptions(
  flags: Values,
  workingDirectory: string,
): Pick<RunContainerOptions, "mounts" | "tmpfs"> {
  const parsed = flags.all("mount").map((text) => parseMount(text, workingDirectory));
  const volumes = flags.all("volume").map((text) => parseVolume(text, workingDirectory));
  const binds = parsed.flatMap((each) => (each.kind === "bind" ? [each.mount] : []));
  const tmpfs = parsed.flatMap((each) => (each.kind === "tmpfs" ? [each.tmpfs] : []));
  return {
    mounts: [...volumes, ...binds],
    tmpfs: [...flags.all("tmpfs").map(parseTmpfs), ...tmpfs],
  };
}

function limits(flags: Values): RunLimits {
  const pids = flags.if("pids-limit", parsePidsLimit);
  return {
    ...flags.if("memory", (text) => ({ memory: parseMemory(text) })),
    ...flags.if("cpus", (text) => ({ cpus: parseCpus(text) })),
    ...(pids === undefined ? {} : { pids }),
  };
}
