// One address under which a registry, or a mirror of it, answers; and how it wants to be spoken to.

import type { HttpHeaders, TlsSettings } from "./exchange.ts";

export type Capability = "pull" | "resolve" | "push";

export const CAPABILITIES: readonly Capability[] = ["pull", "resolve", "push"];

export interface RegistryHost {
  /** With the path of the API and without a slash at its end: "https://mirror.example/v2". */
  readonly url: string;
  readonly capabilities: readonly Capability[];
  readonly tls: TlsSettings;
  readonly headers: HttpHeaders;
  /** TLS is tried first, then plain HTTP. */
  readonly mayBePlain: boolean;
  /** The registry that a mirror stands for, which it is told; absent for the registry itself. */
  readonly mirrorOf?: string;
  /** As in references and in credentials: "docker.io", "mirror.example:5000". */
  readonly domain: string;
}

/** Where Docker Hub's API really is; its own name has a web page. */
const DOCKER_HUB_API = "registry-1.docker.io";
const DOCKER_HUB = "docker.io";

/** The authority of a registry's API. */
export function apiAuthority(domain: string): string {
  return domain === DOCKER_HUB ? DOCKER_HUB_API : domain;
}

/** The name of a registry by the authority of its API. */
export function domainOf(authority: string): string {
  return authority === DOCKER_HUB_API ? DOCKER_HUB : authority;
}
