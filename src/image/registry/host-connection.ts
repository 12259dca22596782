// Requests to one host of a registry, with everything that the host's description asks for: its
// address, headers, TLS, authorization, and whether it speaks TLS at all.

import { quote } from "../../error/ocicat-error.ts";
import { type Access, Authorizer } from "./authorizer.ts";
import type { CredentialSource } from "./credential.ts";
import {
  type ExchangeContext,
  exchange,
  type HttpHeaders,
  type HttpMethod,
  type HttpRequest,
  strangersTls,
} from "./exchange.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { RegistryError, refusal, type Task } from "./registry-error.ts";
import type { RegistryHost } from "./registry-host.ts";
import type { RequestBody } from "./request-body.ts";
import type { RetryContext } from "./retry.ts";
import { Slots } from "./slots.ts";

export interface RegistryRequest {
  readonly method: HttpMethod;
  /** Below the API's path ("library/debian/tags/list"), or an address that the registry gave. */
  readonly target: string | URL;
  readonly access: Access;
  /** Statuses that the caller goes on with; any other one is an error. */
  readonly accepts: readonly number[];
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: HttpHeaders;
  readonly body?: () => RequestBody;
  readonly signal?: AbortSignal | undefined;
  readonly extraAnswerMs?: number;
}

export interface ConnectionContext extends ExchangeContext, RetryContext {
  readonly credentials: CredentialSource | undefined;
  readonly parallelBlobs: number;
}

const ERROR_TEXT_BYTES = 16 * 1024;
/** The first request, one with a first token, and one with a token for what that did not cover. */
const AUTHORIZATIONS_MAX = 3;
const PROBE_MS = 5000;

export class HostConnection {
  readonly host: RegistryHost;
  readonly context: ConnectionContext;
  /** Apart from each other: what is uploaded may be on its way down from the same host. */
  readonly downloads: Slots;
  readonly uploads: Slots;
  /** It did not answer: for a mirror, reason enough not to be asked again. */
  isDown = false;
  readonly #authorizer: Authorizer;
  #address: Promise<string> | undefined;

  constructor(host: RegistryHost, context: ConnectionContext) {
    this.host = host;
    this.context = context;
    this.downloads = new Slots(context.parallelBlobs);
    this.uploads = new Slots(context.parallelBlobs);
    this.#authorizer = new Authorizer({
      domain: host.domain,
      credentials: context.credentials,
      tls: host.tls,
      context,
    });
  }

  /** One attempt; callers repeat it. Throws RegistryError. */
  async send(task: Task, request: RegistryRequest): Promise<HttpAnswer> {
    try {
      return await this.#send(task, request);
    } catch (error) {
      throw error instanceof RegistryError && error.code === "permission-denied"
        ? await this.#withHint(error, request.access.path)
        : error;
    }
  }

  async #send(task: Task, request: RegistryRequest): Promise<HttpAnswer> {
    const url = await this.#url(task, request);
    let authorization = await this.#authorizer.header(task, request.access);
    for (let round = 1; ; round += 1) {
      const answer = await this.#exchange(task, url, request, authorization);
      if (request.accepts.includes(answer.status)) {
        return answer;
      }
      const renewed =
        answer.status === 401 && round < AUTHORIZATIONS_MAX && (await this.#isOwn(task, answer.url))
          ? await this.#renew(task, request, answer, authorization)
          : undefined;
      if (renewed === undefined) {
        const { status, headers } = answer;
        const text = await answer.beginning(ERROR_TEXT_BYTES);
        throw refusal(task, { status, headers, text, host: answer.url.host });
      }
      await answer.discard();
      authorization = renewed;
    }
  }

  /** Whether the host is spoken to without TLS. */
  async isPlain(task: Task): Promise<boolean> {
    return (await this.#reach(task)).startsWith("http:");
  }

  async #isOwn(task: Task, url: URL): Promise<boolean> {
    return new URL(await this.#reach(task)).origin === url.origin;
  }

  #renew(
    task: Task,
    request: RegistryRequest,
    answer: HttpAnswer,
    usedHeader: string | undefined,
  ): Promise<string | undefined> {
    const challenge = answer.headers.get("www-authenticate") ?? "";
    const refused = { challenge, url: answer.url, usedHeader };
    return this.#authorizer.afterRefusal(task, request.access, refused);
  }

  async #url(task: Task, request: RegistryRequest): Promise<URL> {
    const base = await this.#reach(task);
    const { target, query = {} } = request;
    const url = typeof target === "string" ? new URL(`${base}/${target}`) : new URL(target);
    // How containerd tells a mirror of several registries which one is meant.
    const { mirrorOf } = this.host;
    const isMirrored = mirrorOf !== undefined && typeof target === "string";
    const entries = Object.entries(isMirrored ? { ...query, ns: mirrorOf } : query);
    const added = entries.map((pair) => pair.map(encodeURIComponent).join("="));
    // What a registry wrote stays as it is: it may be signed.
    url.search = [url.search.slice(1), ...added].filter((part) => part !== "").join("&");
    return url;
  }

  /** An upload can have its place at another host, which gets nothing of what is for this one. */
  async #exchange(
    task: Task,
    url: URL,
    request: RegistryRequest,
    authorization: string | undefined,
  ): Promise<HttpAnswer> {
    const { method, headers = {}, body, signal, extraAnswerMs } = request;
    const http: HttpRequest = {
      method,
      url,
      headers,
      signal,
      extraAnswerMs,
      ...(body === undefined ? {} : { body }),
    };
    if (!(await this.#isOwn(task, url))) {
      return await exchange(task, http, strangersTls(this.host.tls), this.context);
    }
    const ownHeaders =
      authorization === undefined
        ? this.host.headers
        : { ...this.host.headers, Authorization: authorization };
    return await exchange(task, { ...http, ownHeaders }, this.host.tls, this.context);
  }

  async #withHint(error: RegistryError, path: string): Promise<RegistryError> {
    const { domain } = this.host;
    const hint = (await this.#authorizer.hasCredential(path))
      ? `the login for ${quote(domain)} may be wrong or not suffice: ocicat login ${domain}`
      : `if the repository exists, it may need a login: ocicat login ${domain}`;
    const { operation, subject, reason, cause, facts } = error;
    return new RegistryError(error.code, { operation, subject, reason, cause, hint }, facts);
  }

  async #reach(task: Task): Promise<string> {
    this.#address ??= this.host.mayBePlain ? this.#probe(task) : Promise.resolve(this.host.url);
    try {
      return await this.#address;
    } catch (error) {
      this.#address = undefined;
      throw error;
    }
  }

  /** Finds out whether the host speaks TLS. */
  async #probe(task: Task): Promise<string> {
    const secure = this.host.url;
    try {
      await this.#ask(task, secure);
      return secure;
    } catch (error) {
      // Without a port in its name, plain HTTP is at another one than TLS.
      const isElsewhere = isUnreachable(error) && !/:\d+$/.test(this.host.domain);
      if (!maySpeakPlain(error) && !isElsewhere) {
        throw error;
      }
      return await this.#probePlain(task, secure.replace(/^https:/, "http:"), error);
    }
  }

  /** Where plain HTTP does not work either, the first failure is the one to tell. */
  async #probePlain(task: Task, plain: string, failure: unknown): Promise<string> {
    try {
      const status = await this.#ask(task, plain);
      // What servers say to those who should have used TLS.
      if (status !== 400) {
        return plain;
      }
    } catch (error) {
      if (!maySpeakPlain(error) && !isUnreachable(error)) {
        throw error;
      }
    }
    throw failure;
  }

  async #ask(task: Task, address: string): Promise<number> {
    const request: HttpRequest = {
      method: "GET",
      url: new URL(`${address}/`),
      ownHeaders: this.host.headers,
    };
    const answer = await exchange(task, request, this.host.tls, probeContext(this.context));
    const challenge = answer.headers.get("www-authenticate");
    if (challenge !== null && answer.url.origin === request.url.origin) {
      this.#authorizer.learn(task, challenge, answer.url);
    }
    await answer.discard();
    return answer.status;
  }
}

/** A server without TLS may wait for more where a client begins with it. */
function probeContext(context: ConnectionContext): ConnectionContext {
  const { limits } = context;
  return { ...context, limits: { ...limits, answerMs: Math.min(limits.answerMs, PROBE_MS) } };
}

function isUnreachable(error: unknown): boolean {
  return error instanceof RegistryError && error.facts.isUnreachable === true;
}

function maySpeakPlain(error: unknown): boolean {
  return error instanceof RegistryError && error.facts.maySpeakPlain === true;
}
