// Flags of `ocicat run` that few need, and those that can't work: these say why.

import type { RunContainerOptions, RunVolumesFrom } from "../../engine/run-options.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { badValue, parsePairs } from "./values.ts";

const NO_NETWORKS = "there are no networks with addresses yet";
const NO_GPUS = "devices that a driver describes are not known";

/** What they would ask for, and why it can't be had. */
const REFUSED = {
  ip: NO_NETWORKS,
  ip6: NO_NETWORKS,
  "mac-address": NO_NETWORKS,
  "network-alias": NO_NETWORKS,
  link: NO_NETWORKS,
  gpus: NO_GPUS,
  timeout: "no process watches the time of a container: timeout(1) before the command does",
  "storage-opt": "the store has no quotas",
  "volume-driver": "there is no driver but local",
  runtime: "ocicat runs containers itself",
} as const;

type RefusedName = keyof typeof REFUSED;
const REFUSED_NAMES: readonly RefusedName[] = [
  ...(["ip", "ip6", "mac-address", "network-alias", "link"] as const),
  ...(["gpus", "timeout", "storage-opt", "volume-driver", "runtime"] as const),
];

export const FURTHER_FLAGS = {
  domainname: { kind: "text", value: "NAME", help: "NIS domain name inside" },
  "volumes-from": {
    kind: "list",
    value: "CONTAINER[:ro]",
    help: "the volumes and mounts of another container",
  },
  "read-only-tmpfs": {
    kind: "switch",
    help: "with --read-only, memory to write to on /run, /tmp and /var/tmp",
  },
  "cgroup-conf": {
    kind: "list",
    value: "FILE=VALUE",
    help: "a file of the cgroup, version 2: memory.high=1073741824",
  },
  personality: { kind: "text", value: "LINUX|LINUX32", help: "what uname says of the machine" },
  pidfile: { kind: "text", value: "FILE", help: "write the process's pid to a file" },
  replace: { kind: "switch", help: "remove a container that has the name" },
  quiet: { kind: "switch", aliases: ["q"], help: "do not show how an image is fetched" },
  arch: { kind: "text", value: "ARCH", help: "the image for another processor than this" },
  os: { kind: "text", value: "OS", help: "the image for another system than linux" },
  variant: { kind: "text", value: "VARIANT", help: "the image for this variant of the processor" },
  ip: { kind: "text", value: "ADDRESS", help: "refused: there are no networks yet" },
  ip6: { kind: "text", value: "ADDRESS", help: "refused likewise" },
  "mac-address": { kind: "text", value: "ADDRESS", help: "refused likewise" },
  "network-alias": { kind: "list", value: "NAME", help: "refused likewise" },
  link: { kind: "list", value: "CONTAINER", help: "refused likewise" },
  gpus: { kind: "text", value: "GPUS", help: "refused: --device gives single devices" },
  timeout: { kind: "text", value: "SECONDS", help: "refused: nobody watches the time" },
  "storage-opt": { kind: "list", value: "OPTION", help: "refused: the store has no quotas" },
  "volume-driver": { kind: "text", value: "DRIVER", help: "refused: there is only the local one" },
  runtime: { kind: "text", value: "NAME", help: "refused: ocicat is the runtime" },
} as const satisfies FlagTable;

type FurtherFlags = FlagsOf<typeof FURTHER_FLAGS>;

const TMPFS_FOLDERS = ["/run", "/tmp", "/var/tmp"];

export function parseFurther(
  flags: FurtherFlags,
  absolute: (path: string) => string,
): Partial<RunContainerOptions> {
  refuse(flags);
  const domainName = flags.text("domainname");
  const volumesFrom = flags.list("volumes-from").map(parseVolumesFrom);
  const settings = flags.list("cgroup-conf");
  const personality = flags.text("personality");
  const pidFile = flags.text("pidfile");
  return {
    ...(domainName === undefined ? {} : { domainName }),
    ...(volumesFrom.length === 0 ? {} : { volumesFrom }),
    ...(settings.length === 0 ? {} : { cgroupFiles: parseCgroupFiles(settings) }),
    ...(personality === undefined ? {} : { personality: parsePersonality(personality) }),
    ...(pidFile === undefined ? {} : { pidFile: absolute(pidFile) }),
  };
}

function refuse(flags: FurtherFlags): void {
  const name = REFUSED_NAMES.find((each) => flags.isSet(each));
  if (name !== undefined) {
    throw badValue(name, "", REFUSED[name]);
  }
}

function parseVolumesFrom(text: string): RunVolumesFrom {
  const [, container = "", option = ""] = /^([^:]+)(?::(.*))?$/.exec(text) ?? [];
  if (container === "" || !["", "ro", "rw", "z"].includes(option)) {
    throw badValue("volumes-from", text, "it is not of the form CONTAINER[:ro]");
  }
  return { container, readOnly: option === "ro" };
}

/** One name of a file: it can't lead out of the cgroup. */
function parseCgroupFiles(texts: readonly string[]): Readonly<Record<string, string>> {
  const files = parsePairs("cgroup-conf", texts);
  for (const [name, value] of Object.entries(files)) {
    if (!/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$/i.test(name)) {
      throw badValue("cgroup-conf", `${name}=${value}`, "it is no file of a cgroup");
    }
  }
  return files;
}

function parsePersonality(text: string): "LINUX" | "LINUX32" {
  const domain = text.toUpperCase();
  if (domain !== "LINUX" && domain !== "LINUX32") {
    throw badValue("personality", text, "it is neither LINUX nor LINUX32");
  }
  return domain;
}

/** "linux/arm64/v8" of single flags; undefined: they say nothing. */
export function parsePlatformParts(flags: FurtherFlags): string | undefined {
  const [os, arch, variant] = [flags.text("os"), flags.text("arch"), flags.text("variant")];
  if (os === undefined && arch === undefined && variant === undefined) {
    return undefined;
  }
  const own = hostArchitecture.name === "aarch64" ? "arm64" : "amd64";
  return [os ?? "linux", arch ?? own, ...(variant === undefined ? [] : [variant])].join("/");
}

/** Where nothing else is mounted. */
export function readOnlyTmpfs(flags: FurtherFlags, taken: ReadonlySet<string>): string[] {
  const folders = flags.switch("read-only-tmpfs") ? TMPFS_FOLDERS : [];
  return folders.filter((path) => !taken.has(path));
}
