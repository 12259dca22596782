// Logging in and out: a credential is kept only when the registry has accepted it.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { connectionContext, hostsSettings } from "./client-context.ts";
import type { Credential } from "./credential.ts";
import { RegistryConnections } from "./registry-connections.ts";
import type { RegistryOptions } from "./registry-options.ts";
import { withRetries } from "./retry.ts";
import type { CredentialPlace, UserCredentials } from "./user-credentials.ts";

export interface LoginRequest {
  /** "docker.io", "localhost:5000". */
  readonly domain: string;
  /** A part of the registry that the credential is for; "" is all of it. */
  readonly path: string;
  readonly credential: Credential;
}

/**
 * Throws permission-denied when the registry does not accept it, and invalid-argument for a name that
 * no user can have; then nothing is kept.
 */
export async function login(
  request: LoginRequest,
  credentials: UserCredentials,
  options: Omit<RegistryOptions, "credentials">,
): Promise<CredentialPlace> {
  checkCredential(request);
  await checkLogin(request, options);
  return await credentials.store(request.domain, request.path, request.credential);
}

/** Where the credential was. Throws not-found when it was nowhere. */
export async function logout(
  domain: string,
  path: string,
  credentials: UserCredentials,
): Promise<readonly CredentialPlace[]> {
  const places = await credentials.erase(domain, path);
  if (places.length === 0) {
    throw new OcicatError("not-found", {
      operation: "log out",
      subject: `of ${quote(path === "" ? domain : `${domain}/${path}`)}`,
      reason: "nobody is logged in there",
    });
  }
  return places;
}

/** HTTP and the files put a colon between the name and the password. */
function checkCredential({ domain, credential }: LoginRequest): void {
  if (credential.kind !== "password" || /^[^:\0]+$/.test(credential.username)) {
    return;
  }
  throw new OcicatError("invalid-argument", {
    operation: "log in",
    subject: `to ${quote(domain)}`,
    reason: `${quote(credential.username)} is not the name of a user`,
  });
}

async function checkLogin(
  { domain, credential }: LoginRequest,
  options: Omit<RegistryOptions, "credentials">,
): Promise<void> {
  const task = { operation: "log in", subject: `to ${quote(domain)}` };
  const source = { find: () => Promise.resolve(credential) };
  const context = connectionContext({ ...options, credentials: source });
  const connection = new RegistryConnections(context, hostsSettings(options)).upstream(domain);
  try {
    await withRetries(context, `login to ${domain}`, async () => {
      const access = { path: "", scopes: [] };
      const request = { method: "GET", target: "", access, accepts: [200] } as const;
      const answer = await connection.send(task, request);
      await answer.discard();
    });
  } catch (error) {
    throw error instanceof OcicatError && error.code === "permission-denied"
      ? new OcicatError(error.code, { ...task, reason: error.reason, cause: error })
      : error;
  }
}
