// The credentials of a user, where docker's and podman's tools have them. Files are read in this order,
// and the first one that knows a registry decides:
//
//   $REGISTRY_AUTH_FILE                        if it is set, no other file
//   $XDG_RUNTIME_DIR/containers/auth.json      podman's; gone after a reboot. /run/containers/UID without it
//   $XDG_CONFIG_HOME/containers/auth.json      ~/.config without it
//   $DOCKER_CONFIG/config.json                 ~/.docker without it
//
// A login goes to where the registry is known already; else to a helper that keeps all of them; else
// into the third, which stays and which podman and skopeo read as well.

import {
  type AuthFile,
  authKey,
  credentialOf,
  DOCKER_HUB_KEY,
  helperOf,
  readAuthFile,
  scopesOf,
  withAuth,
} from "./auth-file.ts";
import type { Credential, CredentialSource } from "./credential.ts";
import { CredentialHelper } from "./credential-program.ts";
import { changeAuthFile } from "./write-auth-file.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a credential is kept. */
export type CredentialPlace =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "helper"; readonly name: string };

export interface CredentialsOptions {
  readonly environment: Environment;
  readonly userId: number;
  /** In place of all others: the option --authfile. */
  readonly authFile?: string;
}

export class UserCredentials implements CredentialSource {
  readonly #environment: Environment;
  readonly #paths: readonly string[];
  /** Of a login for which no file speaks. */
  readonly #ownPath: string;

  constructor({ environment, userId, authFile }: CredentialsOptions) {
    this.#environment = environment;
    const chosen = authFile ?? (environment["REGISTRY_AUTH_FILE"] || undefined);
    const { runtime, config, docker } = standardPaths(environment, userId);
    this.#paths = chosen === undefined ? [runtime, config, docker] : [chosen];
    this.#ownPath = chosen ?? config;
  }

  async find(domain: string, path: string): Promise<Credential | undefined> {
    for (const file of this.#files()) {
      const found = await this.#findIn(file, domain, path);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  }

  /** For a registry ("quay.io") or a part of it ("quay.io/team"). */
  async store(domain: string, path: string, credential: Credential): Promise<CredentialPlace> {
    const files = this.#files();
    const scope = path === "" ? domain : `${domain}/${path}`;
    const holder =
      files.find((file) => file.helpers.has(domain) || hasExactly(file, domain, path)) ??
      files.find(({ store }) => store !== undefined);
    const helper = holder === undefined || path !== "" ? undefined : helperOf(holder, domain);
    if (holder !== undefined && helper !== undefined) {
      await this.#helper(helper).store(serverName(holder.path, domain), credential);
      return { kind: "helper", name: helper };
    }
    const target = holder?.path ?? this.#ownPath;
    await changeAuthFile(target, (file) => {
      const known = hasExactly(file, domain, path) ? authKey(file, domain, path) : undefined;
      return withAuth(
        file,
        known ?? (path === "" ? serverName(target, domain) : scope),
        credential,
      );
    });
    return { kind: "file", path: target };
  }

  /** From everywhere; says where it was. */
  async erase(domain: string, path: string): Promise<readonly CredentialPlace[]> {
    const places: CredentialPlace[] = [];
    for (const file of this.#files()) {
      const helper = path === "" ? helperOf(file, domain) : undefined;
      if (helper !== undefined && (await this.#eraseByHelper(file, helper, domain))) {
        places.push({ kind: "helper", name: helper });
      }
      if (hasExactly(file, domain, path)) {
        await changeAuthFile(file.path, (current) =>
          withAuth(current, authKey(current, domain, path) ?? "", undefined),
        );
        places.push({ kind: "file", path: file.path });
      }
    }
    return places;
  }

  /** All that the files know of; a helper that keeps all registries is not asked which. */
  async eraseAll(): Promise<readonly CredentialPlace[]> {
    const places: CredentialPlace[] = [];
    for (const { domain, path } of this.#files().flatMap(scopesOf)) {
      places.push(...(await this.erase(domain, path)));
    }
    return places;
  }

  async #eraseByHelper(file: AuthFile, name: string, domain: string): Promise<boolean> {
    const server = serverName(file.path, domain);
    const helper = this.#helper(name);
    // Some helpers say nothing when there was nothing to erase.
    return (await helper.get(server)) !== undefined && (await helper.erase(server));
  }

  async #findIn(file: AuthFile, domain: string, path: string): Promise<Credential | undefined> {
    const key = authKey(file, domain, path);
    const own = key === undefined ? undefined : credentialOf(file, key);
    const helper = helperOf(file, domain);
    const isOwnFirst = helper === undefined || (own !== undefined && !file.helpers.has(domain));
    if (isOwnFirst) {
      return own;
    }
    return (await this.#helper(helper).get(serverName(file.path, domain))) ?? own;
  }

  #files(): readonly AuthFile[] {
    return this.#paths.map(readAuthFile).filter((file) => file !== undefined);
  }

  #helper(name: string): CredentialHelper {
    return new CredentialHelper(name, this.#environment);
  }
}

interface StandardPaths {
  readonly runtime: string;
  readonly config: string;
  readonly docker: string;
}

export function standardPaths(environment: Environment, userId: number): StandardPaths {
  const home = environment["HOME"] || "/root";
  const runtime = environment["XDG_RUNTIME_DIR"] || "";
  const folder = runtime === "" ? `/run/containers/${userId}` : `${runtime}/containers`;
  return {
    runtime: `${folder}/auth.json`,
    config: `${environment["XDG_CONFIG_HOME"] || `${home}/.config`}/containers/auth.json`,
    docker: `${environment["DOCKER_CONFIG"] || `${home}/.docker`}/config.json`,
  };
}

/** Whether a file has an entry for just this, not only for something wider. */
function hasExactly(file: AuthFile, domain: string, path: string): boolean {
  const key = authKey(file, domain, path);
  return key !== undefined && (path === "" || key === `${domain}/${path}`);
}

/** Docker calls its own registry otherwise than everybody else, in its file and to its helpers. */
function serverName(filePath: string, domain: string): string {
  const isDockers = filePath.endsWith("/config.json");
  return isDockers && domain === "docker.io" ? DOCKER_HUB_KEY : domain;
}
