// What operations that speak with registries or read archives can be told, and what that means to the
// parts that do it.

import type { Configuration } from "../../config/configuration.ts";
import type { BringInOptions } from "../../image/bring-in-request.ts";
import type { ImageEvent } from "../../image/image-event.ts";
import type { Credential, CredentialSource } from "../../image/registry/credential.ts";
import { RegistryClient } from "../../image/registry/registry-client.ts";
import type { RegistryOptions } from "../../image/registry/registry-options.ts";
import { UserCredentials } from "../../image/registry/user-credentials.ts";
import { call } from "../../sys/call.ts";
import { bringInOptions, registryOptions } from "../configured-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { type ImageOptions, type ImageSession, wantedPlatform } from "./image-session.ts";

export interface WorkOptions extends ImageOptions {
  readonly onEvent?: ((event: ImageEvent) => void) | undefined;
  /** Aborted: what is under way ends, with an error of code "interrupted". */
  readonly signal?: AbortSignal | undefined;
}

export interface RegistryAccess {
  /** False: certificates are not checked, and plain HTTP is tried where there is no TLS. */
  readonly tlsVerify?: boolean | undefined;
  /** In place of those that the user has logged in with. */
  readonly credential?: Credential | undefined;
  /** The file of credentials, in place of those that docker and podman have. */
  readonly authFile?: string | undefined;
}

export type TransferOptions = WorkOptions & RegistryAccess;

/** `domain`: the registry that `tlsVerify` is about. */
export function registryClient(
  session: ImageSession,
  domain: string,
  options: TransferOptions,
): RegistryClient {
  const { credential } = options;
  const credentials: CredentialSource =
    credential === undefined
      ? userCredentials(options)
      : // A mirror is another registry, which the password is not for.
        { find: (asked) => Promise.resolve(asked === domain ? credential : undefined) };
  const { configuration } = session.surroundings;
  return new RegistryClient({ ...clientOptions(configuration, domain, options), credentials });
}

/** What holds for one of several registries. */
export type DomainAccess = Omit<RegistryAccess, "authFile"> & { readonly domain: string };

/** For work between registries. */
export function registriesClient(
  { configuration }: Surroundings,
  accesses: readonly DomainAccess[],
  options: WorkOptions & Pick<RegistryAccess, "authFile">,
): RegistryClient {
  const users = userCredentials(options);
  const given = new Map(
    accesses.flatMap(({ domain, credential }) =>
      credential === undefined ? [] : [[domain, credential] as const],
    ),
  );
  const configured = registryOptions(configuration);
  const unverified = accesses.filter(({ tlsVerify }) => tlsVerify === false);
  return new RegistryClient({
    ...configured,
    ...eventOptions(options),
    insecure: [...(configured.insecure ?? []), ...unverified.map(({ domain }) => domain)],
    credentials: {
      find: (domain, path) => {
        const credential = given.get(domain);
        return credential === undefined ? users.find(domain, path) : Promise.resolve(credential);
      },
    },
  });
}

export function clientOptions(
  configuration: Configuration,
  domain: string,
  { tlsVerify, onEvent, signal }: TransferOptions,
): Omit<RegistryOptions, "credentials"> {
  const configured = registryOptions(configuration);
  const insecure = [...(configured.insecure ?? []), ...(tlsVerify === false ? [domain] : [])];
  return { ...configured, insecure, ...eventOptions({ onEvent, signal }) };
}

export function userCredentials({ authFile }: RegistryAccess): UserCredentials {
  return new UserCredentials({
    environment: process.env,
    userId: call("geteuid"),
    ...(authFile === undefined ? {} : { authFile }),
  });
}

export function bringInRequest(
  session: ImageSession,
  options: WorkOptions & { readonly platform?: string | undefined },
): BringInOptions {
  return {
    ...bringInOptions(session.surroundings.configuration),
    platform: wantedPlatform(options.platform),
    ...eventOptions(options),
  };
}

export function eventOptions({
  onEvent,
  signal,
}: Pick<WorkOptions, "onEvent" | "signal">): Pick<BringInOptions, "onEvent" | "signal"> {
  return {
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(signal === undefined ? {} : { signal }),
  };
}
