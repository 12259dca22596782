// Who may ask the faulty registry: everybody, who has a password, or who has a token of its own token
// service, "/token".

import { type Answer, errorAnswer, json, type RequestHead } from "./faulty-registry-http.ts";

export type RegistryAuth =
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | {
      readonly kind: "bearer";
      /** Absent: everybody gets a token that allows to pull. */
      readonly username?: string;
      readonly password?: string;
      /** Accepted by POST in place of a password. */
      readonly identityToken?: string;
      /** Of a token, as it is stated. */
      readonly lifeS?: number;
      /** So many requests a token is good for; then it is refused. */
      readonly uses?: number;
      /** The service's address, when it is not this registry. */
      readonly realm?: string;
      /** What challenges name in place of what is needed. */
      readonly challengeScope?: string;
      /** What a token has to allow, whatever the request is. */
      readonly neededScope?: string;
    };

interface Token {
  readonly scopes: readonly string[];
  uses: number;
}

export class Gatekeeper {
  readonly #auth: RegistryAuth | undefined;
  readonly #tokens = new Map<string, Token>();
  #count = 0;

  constructor(auth: RegistryAuth | undefined) {
    this.#auth = auth;
  }

  /** Undefined: the request may pass. `needed` is a scope, "" where any proof will do. */
  refusal(head: RequestHead, needed: string, origin: string): Answer | undefined {
    const auth = this.#auth;
    const given = head.headers.get("authorization");
    if (auth === undefined) {
      return undefined;
    }
    if (auth.kind === "basic") {
      return given === basic(auth.username, auth.password)
        ? undefined
        : errorAnswer(401, "UNAUTHORIZED", { "WWW-Authenticate": 'Basic realm="test"' });
    }
    const wanted = auth.neededScope ?? needed;
    const token = this.#tokens.get(given?.replace(/^Bearer /, "") ?? "");
    if (token !== undefined && token.uses > 0 && allows(token, wanted)) {
      token.uses -= 1;
      return undefined;
    }
    const scope = auth.challengeScope ?? wanted;
    const parameters = [
      `realm="${auth.realm ?? `${origin}/token`}"`,
      'service="test"',
      ...(scope === "" ? [] : [`scope="${scope}"`]),
    ];
    const challenge = { "WWW-Authenticate": `Bearer ${parameters.join(",")}` };
    return errorAnswer(401, "UNAUTHORIZED", challenge);
  }

  /** The token service. */
  token(head: RequestHead, body: Uint8Array): Answer {
    const auth = this.#auth;
    if (auth?.kind !== "bearer") {
      return errorAnswer(404, "UNKNOWN");
    }
    const form = new URLSearchParams(new TextDecoder().decode(body));
    const isPost = head.method === "POST";
    const isKnown = isPost
      ? form.get("refresh_token") === auth.identityToken && auth.identityToken !== undefined
      : head.headers.get("authorization") === basic(auth.username ?? "", auth.password ?? "");
    const isAnonymous =
      !isPost && !head.headers.has("authorization") && auth.username === undefined;
    if (!isKnown && !isAnonymous) {
      return errorAnswer(401, "UNAUTHORIZED");
    }
    const asked = isPost ? (form.get("scope") ?? "").split(" ") : head.query.getAll("scope");
    const scopes = isAnonymous ? asked.map((scope) => scope.replace(/:[^:]*$/, ":pull")) : asked;
    this.#count += 1;
    const token = `token-${this.#count}`;
    this.#tokens.set(token, { scopes, uses: auth.uses ?? Number.POSITIVE_INFINITY });
    return json(200, { token, ...(auth.lifeS === undefined ? {} : { expires_in: auth.lifeS }) });
  }

  /** As after a restart of the service: all tokens are refused from now on. */
  forgetTokens(): void {
    this.#tokens.clear();
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** "repository:a/b:pull,push" allows "repository:a/b:pull". */
function allows({ scopes }: Token, needed: string): boolean {
  const action = needed.slice(needed.lastIndexOf(":") + 1);
  const resource = needed.slice(0, Math.max(0, needed.lastIndexOf(":")));
  return (
    needed === "" ||
    scopes.some((scope) => {
      const end = scope.lastIndexOf(":");
      const actions = scope.slice(end + 1).split(",");
      return (
        scope.slice(0, end) === resource && (actions.includes(action) || actions.includes("*"))
      );
    })
  );
}
