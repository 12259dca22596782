// Logging in to registries, and out.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { login, logout } from "../../image/registry/login.ts";
import type { CredentialPlace } from "../../image/registry/user-credentials.ts";
import { parseReference } from "../../oci/reference.ts";
import { readSurroundings } from "../surroundings.ts";
import type { ImageOptions } from "./image-session.ts";
import { clientOptions, type TransferOptions, userCredentials } from "./transfer-options.ts";

export interface LoginOptions extends Omit<TransferOptions, "credential"> {
  readonly username: string;
  readonly password: string;
}

export interface LogoutOptions extends ImageOptions {
  readonly authFile?: string | undefined;
}

interface RegistryScope {
  /** "docker.io", "localhost:5000". */
  readonly domain: string;
  /** A part of the registry; "" is all of it. */
  readonly path: string;
}

/** Reads HOST, HOST:PORT or HOST/PATH; also with a scheme, which says nothing here. Throws invalid-argument. */
function parseScope(text: string): RegistryScope {
  const plain = text.replace(/^https?:\/\//, "").replace(/\/(?:v[12]\/?)?$/, "");
  const slash = plain.indexOf("/");
  const domain = slash < 0 ? plain : plain.slice(0, slash);
  const path = slash < 0 ? "" : plain.slice(slash + 1);
  try {
    // A name of an image there shows whether both can be what they are to be.
    const parsed = parseReference(`${domain}/${path === "" ? "x" : path}`);
    const isPlain = parsed.tag === undefined && parsed.digest === undefined;
    if (isPlain && (parsed.domain === domain || domain === "index.docker.io")) {
      return { domain: parsed.domain, path };
    }
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
  }
  throw new OcicatError("invalid-argument", {
    operation: "parse",
    subject: `the registry ${quote(text)}`,
    reason: "it is not of the form HOST[:PORT][/REPOSITORY]",
  });
}

/** HOST[:PORT][/REPOSITORY]; the registry of the settings when absent. */
async function scopeOf(
  registry: string | undefined,
  options: ImageOptions,
): Promise<RegistryScope> {
  if (registry !== undefined) {
    return parseScope(registry);
  }
  const { configuration } = await readSurroundings(options);
  return { domain: configuration.get("image.default-registry"), path: "" };
}

/** Returns where the password is kept from now on. Throws "permission-denied" where it is refused. */
export async function loginToRegistry(
  registry: string | undefined,
  options: LoginOptions,
): Promise<CredentialPlace> {
  const { domain, path } = await scopeOf(registry, options);
  const { username, password } = options;
  const request = { domain, path, credential: { kind: "password", username, password } } as const;
  const { configuration } = await readSurroundings(options);
  return await login(
    request,
    userCredentials(options),
    clientOptions(configuration, domain, options),
  );
}

/** Returns where the passwords were. Throws "not-found" when there was none. */
export async function logoutOfRegistry(
  registry: string | undefined,
  options: LogoutOptions,
): Promise<readonly CredentialPlace[]> {
  const { domain, path } = await scopeOf(registry, options);
  return await logout(domain, path, userCredentials(options));
}

/** Returns where passwords were; none where there were none. */
export async function logoutOfAll(options: LogoutOptions): Promise<readonly CredentialPlace[]> {
  return await userCredentials(options).eraseAll();
}

/** The name of the user who is logged in; undefined: nobody is. */
export async function loggedInAs(
  registry: string | undefined,
  options: LogoutOptions,
): Promise<string | undefined> {
  const { domain, path } = await scopeOf(registry, options);
  const found = await userCredentials(options).find(domain, path);
  return found?.kind === "password" ? found.username : undefined;
}
