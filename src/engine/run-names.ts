// The files by which programs find the names of hosts. They stand in the container's folder, are written
// anew at each start and shown in the container, which may change them:
//
//   hostname      its own name
//   hosts         loopback's names and those that were asked for; in the host's network also what the
//                 host's file has
//   resolv.conf   the host's, with the servers, domains and options that were asked for in place of its own
//
// Who joins another container's network sees that one's hosts and resolv.conf.

import { AT_FDCWD } from "../abi/file.ts";
import { quote } from "../error/ocicat-error.ts";
import type { Mount } from "../oci/mount.ts";
import { call, checked } from "../sys/call.ts";
import { readTextFile, readTextFileIfExists, replaceFileAt, stat, statAt } from "../sys/file.ts";
import { cstring } from "../sys/memory.ts";
import { mountIdMaps } from "./id-maps.ts";
import { joinedContainer } from "./run-namespaces.ts";
import type { RunContainerOptions } from "./run-options.ts";

export interface RunNames {
  readonly hosts?: readonly { readonly name: string; readonly address: string }[];
  /** Leave the image's own /etc/hosts. */
  readonly keepsHosts?: boolean;
  /** Likewise its /etc/hostname. */
  readonly keepsHostname?: boolean;
  /** What /etc/hosts begins with, in place of what it usually does: a file of the host; "" for nothing. */
  readonly hostsFile?: string;
  readonly servers?: readonly string[];
  readonly searchDomains?: readonly string[];
  readonly resolverOptions?: readonly string[];
}

/** The name of the host itself. */
export function hostsName(): string | undefined {
  return readTextFileIfExists("/proc/sys/kernel/hostname")?.trim();
}

export interface NameRequest {
  readonly options: RunContainerOptions;
  readonly folder: { readonly fd: number; readonly path: string };
  readonly hostname: string;
  /** STORE/containers. */
  readonly containersFolder: string;
}

const READABLE = 0o644;

const LOOPBACK = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** In the container's folder. */
export const NAME_FILES = ["hostname", "hosts", "resolv.conf"] as const;

export function nameMounts(request: NameRequest): Mount[] {
  const { options, folder, hostname } = request;
  const { source, names = {} } = options;
  if (source.kind === "hello") {
    return [];
  }
  writeReadable(folder.fd, "hostname", `${hostname}\n`);
  const shared = sharedFolder(request);
  if (shared === undefined) {
    writeReadable(folder.fd, "hosts", hostsText(options));
    writeReadable(folder.fd, "resolv.conf", resolverText(names));
  }
  if (source.kind === "pause") {
    // For its containers: the process itself reads nothing.
    return [];
  }
  const place = shared ?? folder.path;
  const mounts = [
    ...(names.keepsHostname === true
      ? []
      : [nameMount("/etc/hostname", `${folder.path}/hostname`, options)]),
    ...(names.keepsHosts === true ? [] : [nameMount("/etc/hosts", `${place}/hosts`, options)]),
    nameMount("/etc/resolv.conf", `${place}/resolv.conf`, options),
  ];
  return source.kind === "image" ? mounts : mounts.filter((mount) => isWanted(mount, options));
}

/** For every user inside, whatever our umask says. */
export function writeReadable(folderFd: number, name: string, text: string): void {
  replaceFileAt(folderFd, name, text);
  checked(
    call("fchmodat", folderFd, cstring(name), READABLE, 0),
    "change the mode of",
    quote(name),
  );
}

function sharedFolder({ options, containersFolder }: NameRequest): string | undefined {
  const id = joinedContainer(options.network);
  const path = `${containersFolder}/${id}`;
  return id !== undefined && stat(`${path}/hosts`) !== undefined ? path : undefined;
}

/** A user's folder gets no new files, unless a container needs them to find hosts. */
function isWanted({ destination }: Mount, { source, network }: RunContainerOptions): boolean {
  const hasNetwork = network === "host" && destination !== "/etc/hostname";
  const path = source.kind === "rootfs" ? source.path : "";
  return hasNetwork || statAt(AT_FDCWD, `${path}${destination}`) !== undefined;
}

export function nameMount(
  destination: string,
  source: string,
  options: RunContainerOptions,
): Mount {
  const words = [
    ...(options.readOnly ? ["ro"] : []),
    ...(mountIdMaps(options) === undefined ? [] : ["idmap"]),
  ];
  return { destination, type: "bind", source, options: ["bind", "rprivate", ...words] };
}

function hostsText({ network, names = {} }: RunContainerOptions): string {
  const base = hostsBase(network, names);
  const lines = (names.hosts ?? []).map(({ name, address }) => `${address}\t${name}\n`);
  return `${base.endsWith("\n") || base === "" ? base : `${base}\n`}${lines.join("")}`;
}

/** Docker and podman write loopback's names anyway. */
function hostsBase(network: RunContainerOptions["network"], { hostsFile }: RunNames): string {
  if (hostsFile !== undefined) {
    return hostsFile === "" ? LOOPBACK : `${readTextFile(hostsFile)}\n${LOOPBACK}`;
  }
  return network === "host" ? (readTextFileIfExists("/etc/hosts") ?? LOOPBACK) : LOOPBACK;
}

function resolverText({
  servers = [],
  searchDomains = [],
  resolverOptions = [],
}: RunNames): string {
  const own = (readTextFileIfExists("/etc/resolv.conf") ?? "").split("\n");
  const replaced = [
    ...(servers.length === 0 ? [] : ["nameserver"]),
    ...(searchDomains.length === 0 ? [] : ["search", "domain"]),
    ...(resolverOptions.length === 0 ? [] : ["options"]),
  ];
  const kept = own.filter((line) => {
    const [word = ""] = line.trim().split(/\s+/, 1);
    return word !== "" && !replaced.includes(word);
  });
  // Docker's word for "no domains at all".
  const domains = searchDomains.filter((domain) => domain !== ".");
  const lines = [
    ...kept,
    ...servers.map((server) => `nameserver ${server}`),
    ...(domains.length === 0 ? [] : [`search ${domains.join(" ")}`]),
    ...(resolverOptions.length === 0 ? [] : [`options ${resolverOptions.join(" ")}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
