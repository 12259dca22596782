// The folder of one registry below certs.d, in either of two forms:
//
//   certs.d/HOST[:PORT]/hosts.toml                         containerd's; see hosts-toml.ts
//   certs.d/HOST[:PORT]/{*.crt, NAME.cert + NAME.key}      Docker's: authorities and client certificates
//   certs.d/_default/...                                   of all registries without a folder
//
// Source for the second: Docker's "Verify repository client with certificates".

import { AT_FDCWD, S_IFDIR, S_IFMT } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { readTextFile, readTextFileIfExists, stat } from "../../sys/file.ts";
import type { TlsSettings } from "./exchange.ts";
import { type HostSettings, type HostsFile, parseHostsToml } from "./hosts-toml.ts";

const FILE_BYTES_MAX = 1024 * 1024;

export interface HostsFolder {
  readonly path: string;
  readonly hosts: HostsFile | undefined;
  /** What the certificates in the folder say; empty where hosts.toml is there, which names its own. */
  readonly certificates: TlsSettings;
}

/** The first folder that describes a registry; undefined when none does. */
export function readHostsFolder(
  folders: readonly string[],
  domain: string,
): HostsFolder | undefined {
  for (const folder of folders) {
    for (const name of folderNames(domain)) {
      const path = `${folder}/${name}`;
      if (isFolder(path)) {
        return readFolder(path);
      }
    }
  }
  return undefined;
}

/** containerd writes the port also as "_5000_", for file systems without colons. */
function folderNames(domain: string): readonly string[] {
  const port = /:(\d+)$/.exec(domain);
  const withoutColon = port === null ? [] : [`${domain.slice(0, port.index)}_${port[1]}_`];
  return [domain, ...withoutColon, "_default"];
}

function isFolder(path: string): boolean {
  const status = stat(path);
  return status !== undefined && (status.mode & S_IFMT) === S_IFDIR;
}

function readFolder(path: string): HostsFolder {
  const file = `${path}/hosts.toml`;
  const text = readTextFileIfExists(file, FILE_BYTES_MAX);
  return text === undefined
    ? { path, hosts: undefined, certificates: readCertificates(path) }
    : { path, hosts: parseHostsToml(text, quote(file)), certificates: {} };
}

function readCertificates(path: string): TlsSettings {
  const names = readDirectoryAt(AT_FDCWD, path).map(({ name }) => name);
  const authorities = names.filter((name) => name.endsWith(".crt")).sort();
  const certificates = names.filter((name) => name.endsWith(".cert")).sort();
  const certificate = certificates[0];
  if (certificate === undefined) {
    return tlsOf(path, authorities, undefined);
  }
  const key = certificate.replace(/\.cert$/, ".key");
  if (!names.includes(key)) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: `the client certificate ${quote(`${path}/${certificate}`)}`,
      reason: `its key ${quote(key)} is missing`,
    });
  }
  return tlsOf(path, authorities, { certificate, key });
}

/** The certificates that an entry of hosts.toml names, read. */
export function readTls(folder: string, settings: HostSettings): TlsSettings {
  const tls = tlsOf(folder, settings.authorities, settings.clients[0]);
  return settings.skipVerify === true ? { ...tls, skipVerify: true } : tls;
}

function tlsOf(
  folder: string,
  authorities: readonly string[],
  client: { readonly certificate: string; readonly key: string } | undefined,
): TlsSettings {
  const read = (path: string) => readPem(path.startsWith("/") ? path : `${folder}/${path}`);
  return {
    ...(authorities.length === 0 ? {} : { authorities: authorities.map(read) }),
    ...(client === undefined
      ? {}
      : { client: { certificate: read(client.certificate), key: read(client.key) } }),
  };
}

/** fetch says nothing that helps about a file that is no certificate. */
function readPem(path: string): string {
  const text = readTextFile(path, FILE_BYTES_MAX);
  if (!text.includes("-----BEGIN ")) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: quote(path),
      reason: 'it is neither a certificate nor a key in PEM form ("-----BEGIN ...")',
    });
  }
  return text;
}
