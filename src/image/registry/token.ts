// Tokens of a registry's token service. Sources: Docker's "Token Authentication Specification" and
// "OAuth2 Token Authentication" (distribution docs/spec/auth).
//
//   GET realm?service=S&scope=A&scope=B [Authorization: Basic ...]      a password, or anonymously
//   POST realm  grant_type=refresh_token&service=S&scope=A B&...        an identity token
//   answer: {"token" or "access_token": "...", "expires_in": seconds}

import { quote } from "../../error/ocicat-error.ts";
import type { Challenge } from "./challenge.ts";
import type { Credential } from "./credential.ts";
import { type ExchangeContext, exchange, type HttpRequest, type TlsSettings } from "./exchange.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { propertyOf, RegistryError, refusal, type Task } from "./registry-error.ts";

/** The service behind a Bearer challenge. */
export interface TokenService {
  readonly realm: URL;
  readonly service: string | undefined;
}

export interface Token {
  readonly text: string;
  /** By performance.now(). */
  readonly expiresAt: number;
}

const CLIENT_ID = "ocicat";
const TOKEN_BYTES_MAX = 1024 * 1024;
/** What the specification says of a token without expires_in. */
const DEFAULT_LIFE_S = 60;
const LONGEST_LIFE_S = 24 * 60 * 60;
/** A token is not used up to its last moment: the request with it is still to come. */
const SPARED_LIFE = 0.1;
const ERROR_TEXT_BYTES = 4096;

/**
 * Throws unless the realm may be asked. A registry that is spoken to over TLS cannot send passwords
 * elsewhere in the clear.
 */
export function tokenService(challenge: Challenge, registry: URL, task: Task): TokenService {
  const written = challenge.parameters.get("realm") ?? "";
  const realm = URL.canParse(written) ? new URL(written) : undefined;
  const isWeb = realm?.protocol === "https:" || realm?.protocol === "http:";
  if (realm === undefined || !isWeb || realm.username !== "") {
    throw new RegistryError("unavailable", {
      ...task,
      reason: `the token service that ${quote(registry.host)} names is no address of the web`,
    });
  }
  if (registry.protocol === "https:" && realm.protocol === "http:") {
    throw new RegistryError("unavailable", {
      ...task,
      reason: `the token service ${quote(realm.host)} does not use TLS, as ${quote(registry.host)} does`,
    });
  }
  return { realm, service: challenge.parameters.get("service") };
}

export interface TokenRequest {
  readonly service: TokenService;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
}

export async function requestToken(
  task: Task,
  request: TokenRequest,
  tls: TlsSettings,
  context: ExchangeContext,
): Promise<Token> {
  const { credential } = request;
  const requestedAt = performance.now();
  const http =
    credential?.kind === "identity-token"
      ? refreshRequest(request, credential.token)
      : queryRequest(request, credential);
  const answer = await exchange(task, http, tls, context);
  if (answer.status !== 200) {
    throw await refusedToken(task, answer);
  }
  return readToken(task, await answer.document(TOKEN_BYTES_MAX), answer.url.host, requestedAt);
}

function queryRequest(
  { service, scopes }: TokenRequest,
  credential: Credential | undefined,
): HttpRequest {
  const url = new URL(service.realm);
  if (service.service !== undefined) {
    url.searchParams.set("service", service.service);
  }
  for (const scope of scopes) {
    url.searchParams.append("scope", scope);
  }
  if (credential?.kind !== "password") {
    return { method: "GET", url };
  }
  url.searchParams.set("account", credential.username);
  const ownHeaders = { Authorization: basicAuthorization(credential) };
  return { method: "GET", url, ownHeaders };
}

function refreshRequest({ service, scopes }: TokenRequest, token: string): HttpRequest {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: CLIENT_ID,
    refresh_token: token,
    scope: scopes.join(" "),
  });
  if (service.service !== undefined) {
    form.set("service", service.service);
  }
  return {
    method: "POST",
    url: service.realm,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: () => ({ kind: "bytes", content: form.toString() }),
  };
}

export function basicAuthorization(
  credential: Extract<Credential, { readonly kind: "password" }>,
): string {
  const pair = new TextEncoder().encode(`${credential.username}:${credential.password}`);
  return `Basic ${pair.toBase64()}`;
}

/** A service that is told a wrong password says 400, 401 or 403, as it likes. */
async function refusedToken(task: Task, answer: HttpAnswer): Promise<RegistryError> {
  const text = await answer.beginning(ERROR_TEXT_BYTES);
  const { status, headers, url } = answer;
  const isDenied = status === 400 || status === 401 || status === 403;
  return refusal(task, { status: isDenied ? 401 : status, headers, text, host: url.host });
}

function readToken(task: Task, content: Uint8Array, host: string, requestedAt: number): Token {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder().decode(content));
  } catch {
    // No JSON has no token either.
  }
  const text = propertyOf(document, "token") ?? propertyOf(document, "access_token");
  // What a header can hold: a token with other characters would break the request.
  if (typeof text !== "string" || !/^[\x21-\x7e]+$/.test(text)) {
    throw new RegistryError("unavailable", {
      ...task,
      reason: `the token service ${quote(host)} answered without a token`,
    });
  }
  const stated = propertyOf(document, "expires_in");
  const seconds = typeof stated === "number" && stated > 0 ? stated : DEFAULT_LIFE_S;
  const life = Math.min(seconds, LONGEST_LIFE_S) * 1000 * (1 - SPARED_LIFE);
  return { text, expiresAt: requestedAt + life };
}
