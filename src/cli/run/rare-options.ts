// What the flags of `ocicat run` mean that few need.

import type { RunContainerOptions, RunVolumesFrom } from "../../engine/run-options.ts";
import { readTextFile } from "../../sys/file.ts";
import { credentialOf } from "../images/registry-flags.ts";
import { checkTrust } from "../images/trust-flag.ts";
import { badValue } from "./bad-value.ts";
import type { RunFlags } from "./flags.ts";
import { given } from "./given.ts";
import { parsePairs, parseWhole } from "./values.ts";

const TMPFS_FOLDERS = ["/run", "/tmp", "/var/tmp"];
const HIGHEST_PORT = 65_535;

/** Names of docker and podman for what is so anyway, with the values that say it, and why no other can be. */
const FIXED = [
  ["cgroups", "enabled no-conmon", "a container has a cgroup of its own"],
  ["isolation", "default", "it is about containers of Windows"],
  ["sdnotify", "ignore", "nobody tells a service manager that a container is ready"],
  ["seccomp-policy", "default", "a profile is not looked for in images"],
  ["systemd", "false", "nothing is prepared for systemd in a container"],
] as const;

export function parseRare(
  flags: RunFlags,
  absolute: (path: string) => string,
): Partial<RunContainerOptions> {
  checkFixed(flags);
  if (flags.switch("rmi") && flags.switch("detach")) {
    throw badValue("rmi", "true", "it does not go with --detach: nobody is there at the end");
  }
  const volumesFrom = flags.list("volumes-from").map(parseVolumesFrom);
  const settings = flags.list("cgroup-conf");
  const requires = flags.list("requires").flatMap((text) => text.split(","));
  const ports = flags.list("expose").flatMap(parsePorts);
  return {
    ...given(flags.text("domainname"), (domainName) => ({ domainName })),
    ...(volumesFrom.length === 0 ? {} : { volumesFrom }),
    ...(settings.length === 0 ? {} : { cgroupFiles: parseCgroupFiles(settings) }),
    ...given(flags.text("personality"), (text) => ({ personality: parsePersonality(text) })),
    ...given(flags.text("pidfile"), (path) => ({ pidFile: absolute(path) })),
    ...given(flags.text("conmon-pidfile"), (path) => ({ holderPidFile: absolute(path) })),
    ...given(flags.text("pod-id-file"), (path) => ({ pod: podFrom(flags, absolute(path)) })),
    ...(requires.length === 0 ? {} : { requires }),
    ...(ports.length === 0 ? {} : { exposedPorts: [...new Set(ports)] }),
    ...registryOptions(flags, absolute),
  };
}

function checkFixed(flags: RunFlags): void {
  for (const [name, known, reason] of FIXED) {
    const text = flags.text(name);
    if (text !== undefined && !known.split(" ").includes(text)) {
      throw badValue(name, text, reason);
    }
  }
  checkTrust(flags);
}

/** One pod, by one flag. */
function podFrom(flags: RunFlags, path: string): string {
  if (flags.isSet("pod")) {
    throw badValue("pod-id-file", path, "it does not go with --pod");
  }
  return readTextFile(path).trim();
}

function registryOptions(
  flags: RunFlags,
  absolute: (path: string) => string,
): Pick<RunContainerOptions, "registry"> {
  const names = ["creds", "authfile", "tls-verify"] as const;
  if (!names.some((name) => flags.isSet(name))) {
    return {};
  }
  return {
    registry: {
      credential: credentialOf(flags.text("creds")),
      ...given(flags.text("authfile"), (path) => ({ authFile: absolute(path) })),
      ...(flags.isSet("tls-verify") ? { tlsVerify: flags.switch("tls-verify") } : {}),
    },
  };
}

/** "80", "80/udp", "8000-8010": as an image's configuration lists them, "80/tcp". */
function parsePorts(text: string): string[] {
  const [, first = "", last = first, protocol = "tcp"] =
    /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (first === "") {
    throw badValue("expose", text, "it is not of the form PORT[-PORT][/tcp|/udp|/sctp]");
  }
  const lowest = parseWhole("expose", first, [1, HIGHEST_PORT]);
  const highest = parseWhole("expose", last, [lowest, HIGHEST_PORT]);
  return Array.from({ length: highest - lowest + 1 }, (_, index) => {
    return `${lowest + index}/${protocol}`;
  });
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

/** Where nothing else is mounted, and the rest can't be written. */
export function readOnlyTmpfs(flags: RunFlags, taken: ReadonlySet<string>): string[] {
  const isAsked = flags.switch("read-only") && flags.switch("read-only-tmpfs");
  const folders = isAsked ? TMPFS_FOLDERS : [];
  return folders.filter((path) => !taken.has(path));
}
