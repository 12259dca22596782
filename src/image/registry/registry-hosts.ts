// From the name of a registry to the addresses to ask, in order: mirrors of the configuration and of its hosts.toml first, the
// registry itself last.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { TlsSettings } from "./exchange.ts";
import { isLoopback, namesRegistry, withoutPort } from "./host-names.ts";
import { type HostsFolder, readHostsFolder, readTls } from "./hosts-folder.ts";
import { apiAddress, type HostEntry } from "./hosts-toml.ts";
import { apiAuthority, CAPABILITIES, domainOf, type RegistryHost } from "./registry-host.ts";
import { systemAuthorities } from "./trusted-authorities.ts";

export interface HostsSettings {
  readonly folders: readonly string[];
  readonly insecure: readonly string[];
  /** Addresses by registry. */
  readonly mirrors: Readonly<Record<string, readonly string[]>>;
}

export interface RegistryHosts {
  /** Asked first, in order. */
  readonly mirrors: readonly RegistryHost[];
  readonly upstream: RegistryHost;
}

/** Reads the registry's folder. Throws invalid-config where that is faulty. */
export function registryHosts(domain: string, settings: HostsSettings): RegistryHosts {
  const folder = readHostsFolder(settings.folders, domain);
  const withTrust = trust(systemAuthorities(process.env));
  const described = (folder?.hosts?.hosts ?? []).map((entry) =>
    entryHost(entry, folder?.path ?? "", domain, settings),
  );
  const mirrors = [...configuredMirrors(domain, settings), ...described];
  return {
    mirrors: mirrors.map(withTrust),
    upstream: withTrust(upstreamHost(domain, folder, settings)),
  };
}

/** A registry's own authorities are trusted beside the system's: it may redirect to somebody else. */
function trust(system: string | undefined): (host: RegistryHost) => RegistryHost {
  return (host) =>
    system === undefined
      ? host
      : {
          ...host,
          tls: { ...host.tls, authorities: [system, ...(host.tls.authorities ?? [])] },
        };
}

/** What the mirror's own folder says of its certificates applies to it. */
function configuredMirrors(domain: string, settings: HostsSettings): readonly RegistryHost[] {
  const addresses = Object.hasOwn(settings.mirrors, domain) ? settings.mirrors[domain] : [];
  return (addresses ?? []).map((address) => {
    const url = apiAddress(address, false);
    if (url === undefined) {
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: `the mirror ${quote(address)} of ${quote(domain)}`,
        reason: "it is not the address of a registry",
      });
    }
    const own = domainOf(new URL(url).host);
    const folder = readHostsFolder(settings.folders, own);
    const mirror = upstreamHost(own, folder, settings);
    return {
      ...mirror,
      url,
      capabilities: ["pull", "resolve"],
      mayBePlain: false,
      mirrorOf: domain,
    };
  });
}

function upstreamHost(
  domain: string,
  folder: HostsFolder | undefined,
  settings: HostsSettings,
): RegistryHost {
  const server = folder?.hosts?.server;
  if (folder !== undefined && server !== undefined) {
    return entryHost(server, folder.path, domain, settings);
  }
  const beside = folder?.hosts?.serverSettings;
  const tls = folder === undefined || beside === undefined ? {} : readTls(folder.path, beside);
  const isInsecure = isConfiguredInsecure(domain, settings);
  return {
    url: `https://${apiAuthority(domain)}/v2`,
    capabilities: beside?.capabilities ?? CAPABILITIES,
    tls: withInsecure({ ...folder?.certificates, ...tls }, isInsecure),
    headers: beside?.headers ?? {},
    mayBePlain: isInsecure || isLoopback(withoutPort(domain)),
    domain,
  };
}

/** An address that hosts.toml writes with "https" is never spoken to without TLS. */
function entryHost(
  entry: HostEntry,
  folder: string,
  domain: string,
  settings: HostsSettings,
): RegistryHost {
  const own = domainOf(new URL(entry.url).host);
  return {
    url: entry.url,
    capabilities: entry.capabilities,
    tls: withInsecure(readTls(folder, entry), isConfiguredInsecure(own, settings)),
    headers: entry.headers,
    mayBePlain: false,
    domain: own,
    ...(own === domain ? {} : { mirrorOf: domain }),
  };
}

function isConfiguredInsecure(domain: string, { insecure }: HostsSettings): boolean {
  return insecure.some((entry) => namesRegistry(entry, domain));
}

function withInsecure(tls: TlsSettings, isInsecure: boolean): TlsSettings {
  return isInsecure ? { ...tls, skipVerify: true } : tls;
}
