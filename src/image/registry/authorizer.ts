// Who we are to one host: remembers what it asked for, and makes the header Authorization of requests.
// Tokens are kept by scope until they expire; requests that need the same one wait for one answer.

import { OcicatError } from "../../error/ocicat-error.ts";
import { parseChallenges } from "./challenge.ts";
import type { Credential, CredentialSource } from "./credential.ts";
import type { ExchangeContext, TlsSettings } from "./exchange.ts";
import type { Task } from "./registry-error.ts";
import {
  basicAuthorization,
  requestToken,
  type Token,
  type TokenService,
  tokenService,
} from "./token.ts";

/** What a request is allowed to do: `repository:library/debian:pull`. */
export interface Access {
  /** The repository that the credential is looked up for. */
  readonly path: string;
  readonly scopes: readonly string[];
}

export interface AuthorizerParts {
  /** As credentials are filed. */
  readonly domain: string;
  readonly credentials: CredentialSource | undefined;
  readonly tls: TlsSettings;
  readonly context: ExchangeContext;
}

const EXTRA_SCOPES_MAX = 8;

type Scheme =
  | { readonly kind: "unknown" }
  | { readonly kind: "basic" }
  | { readonly kind: "bearer"; readonly service: TokenService };

export class Authorizer {
  readonly #parts: AuthorizerParts;
  readonly #credentials = new Map<string, Promise<Credential | undefined>>();
  readonly #tokens = new Map<string, Promise<Token>>();
  readonly #extraScopes = new Map<string, readonly string[]>();
  #scheme: Scheme = { kind: "unknown" };

  constructor(parts: AuthorizerParts) {
    this.#parts = parts;
  }

  /**
   * For a request that has not been refused. Undefined: it is sent without. Who never asks for a
   * credential makes nobody look for one, which may take a program's run.
   */
  async header(task: Task, access: Access): Promise<string | undefined> {
    const scheme = this.#scheme;
    if (scheme.kind === "unknown") {
      return undefined;
    }
    const credential = await this.#credential(access.path);
    if (credential?.kind === "registry-token") {
      return `Bearer ${headerText(task, credential.token)}`;
    }
    if (scheme.kind === "bearer") {
      return await this.#bearer(task, scheme.service, access);
    }
    return credential?.kind === "password" ? basicAuthorization(credential) : undefined;
  }

  /**
   * After 401 for a request with `usedHeader`. Undefined: there is nothing else to try. `challenge` is
   * WWW-Authenticate.
   */
  async afterRefusal(
    task: Task,
    access: Access,
    refused: {
      readonly challenge: string;
      readonly url: URL;
      readonly usedHeader: string | undefined;
    },
  ): Promise<string | undefined> {
    const { usedHeader } = refused;
    const named = this.learn(task, refused.challenge, refused.url);
    if (usedHeader !== undefined) {
      // Our scopes were not enough, then. Before that, what a registry names may be a mere example.
      this.#addScopes(access, named);
      await this.#forget(access, usedHeader);
    }
    const header = await this.header(task, access);
    return header === usedHeader ? undefined : header;
  }

  /** Takes a challenge in; returns the scopes that it names. */
  learn(task: Task, header: string, url: URL): readonly string[] {
    const challenges = parseChallenges(header);
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer !== undefined) {
      this.#scheme = { kind: "bearer", service: tokenService(bearer, url, task) };
      const scope = bearer.parameters.get("scope") ?? "";
      return scope.split(/\s+/).filter((each) => each !== "");
    }
    if (challenges.some(({ scheme }) => scheme === "basic")) {
      this.#scheme = { kind: "basic" };
    }
    return [];
  }

  async hasCredential(path: string): Promise<boolean> {
    return (await this.#credential(path)) !== undefined;
  }

  #credential(path: string): Promise<Credential | undefined> {
    let found = this.#credentials.get(path);
    if (found === undefined) {
      found = this.#parts.credentials?.find(this.#parts.domain, path) ?? Promise.resolve(undefined);
      this.#credentials.set(path, found);
    }
    return found;
  }

  async #bearer(task: Task, service: TokenService, access: Access): Promise<string> {
    const key = accessKey(access);
    const known = this.#tokens.get(key);
    const isFresh = known !== undefined && (await known).expiresAt > performance.now();
    // Another request may have asked for a new one meanwhile.
    const latest = this.#tokens.get(key);
    const token =
      latest !== undefined && (isFresh || latest !== known)
        ? latest
        : this.#newToken(task, service, access);
    return `Bearer ${(await token).text}`;
  }

  #newToken(task: Task, service: TokenService, access: Access): Promise<Token> {
    const key = accessKey(access);
    const token = this.#request(task, service, access);
    this.#tokens.set(key, token);
    // A failure is not remembered.
    token.catch(() => this.#drop(key, token));
    return token;
  }

  async #request(task: Task, service: TokenService, access: Access): Promise<Token> {
    const { tls, context } = this.#parts;
    const credential = await this.#credential(access.path);
    const scopes = [...access.scopes, ...(this.#extraScopes.get(accessKey(access)) ?? [])];
    return await requestToken(task, { service, scopes, credential }, tls, context);
  }

  #addScopes(access: Access, named: readonly string[]): void {
    const scopes = named.filter((scope) => !access.scopes.includes(scope));
    this.#extraScopes.set(accessKey(access), scopes.slice(0, EXTRA_SCOPES_MAX));
  }

  async #forget(access: Access, usedHeader: string): Promise<void> {
    const key = accessKey(access);
    const token = this.#tokens.get(key);
    if (token !== undefined && `Bearer ${(await token).text}` === usedHeader) {
      this.#drop(key, token);
    }
  }

  #drop(key: string, token: Promise<Token>): void {
    if (this.#tokens.get(key) === token) {
      this.#tokens.delete(key);
    }
  }
}

/** fetch repeats what is no header in the message of its error, which a token may not be in. */
function headerText(task: Task, token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) {
    return token;
  }
  throw new OcicatError("invalid-config", {
    ...task,
    reason: "the stored token has characters that no token has",
  });
}

function accessKey(access: Access): string {
  return [access.path, ...access.scopes.toSorted()].join("\n");
}
