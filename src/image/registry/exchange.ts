// One request over fetch and its answer: time limits, redirects, TLS, proxies. It knows nothing of
// registries.
//
// Bun's fetch, found by experiment with 1.4.5: `decompress: false` leaves bodies as they came; a body
// that ends before its Content-Length throws ECONNRESET; one that is sent with another length than the
// Content-Length promised throws; connections are not shared between different TLS settings; a proxy of
// the environment can only be refused with `proxy: false`, which its types do not have.

import { HttpAnswer } from "./http-answer.ts";
import { networkFailure } from "./network-failure.ts";
import { proxyFor } from "./proxy-choice.ts";
import { RegistryError, type Task } from "./registry-error.ts";
import type { RegistryLimits } from "./registry-options.ts";
import { fetchBody, type RequestBody } from "./request-body.ts";
import { RequestClock } from "./request-clock.ts";
import { interruption, throwIfAborted } from "./retry.ts";

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
export type HttpHeaders = Readonly<Record<string, string>>;

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers?: HttpHeaders;
  /** Headers for this host alone: they do not follow a redirect to another one. */
  readonly ownHeaders?: HttpHeaders;
  /** Called for each time that the request is sent. */
  readonly body?: () => RequestBody;
  readonly signal?: AbortSignal | undefined;
  /** Beside the limit for all requests: what the other side has to do takes longer. */
  readonly extraAnswerMs?: number | undefined;
}

/** How a host is spoken to over TLS. PEM texts. */
export interface TlsSettings {
  readonly authorities?: readonly string[];
  /** Shown to the host itself, not to those that it redirects to. */
  readonly client?: { readonly certificate: string; readonly key: string };
  readonly skipVerify?: boolean;
}

export interface ExchangeContext {
  readonly limits: RegistryLimits;
  readonly userAgent: string;
  readonly signal: AbortSignal | undefined;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Sends a request and follows redirects. Throws RegistryError when no answer comes. */
export async function exchange(
  task: Task,
  request: HttpRequest,
  tls: TlsSettings,
  context: ExchangeContext,
): Promise<HttpAnswer> {
  let url = request.url;
  for (let redirects = 0; ; redirects += 1) {
    const isOwn = url.origin === request.url.origin;
    const answer = await sendOnce(task, { ...request, url }, isOwn ? tls : strangersTls(tls), {
      ...context,
      isOwn,
    });
    const next = redirectTarget(task, request, answer);
    if (next === undefined) {
      return answer;
    }
    await answer.discard();
    if (redirects >= context.limits.redirects) {
      throw redirectFailure(task, `it was redirected more than ${context.limits.redirects} times`);
    }
    url = next;
  }
}

/** What of a registry's settings applies to hosts that it sends us to. */
export function strangersTls({ client: _, ...others }: TlsSettings): TlsSettings {
  return others;
}

/** Undefined: the answer is no redirect that this request follows. */
function redirectTarget(task: Task, request: HttpRequest, answer: HttpAnswer): URL | undefined {
  const location = answer.headers.get("location");
  const { status, url } = answer;
  const isReading = request.method === "GET" || request.method === "HEAD";
  const keepsMethod = status === 307 || status === 308;
  if (!REDIRECTS.has(status) || location === null || !(isReading || keepsMethod)) {
    return undefined;
  }
  const target = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
  if (target === undefined || (target.protocol !== "https:" && target.protocol !== "http:")) {
    throw redirectFailure(task, "it was redirected to what is no address of the web");
  }
  if (url.protocol === "https:" && target.protocol === "http:") {
    throw redirectFailure(task, `it was redirected from TLS to plain HTTP at "${target.host}"`);
  }
  // A body can hold secrets, and what is written belongs where it was meant to go.
  if (!isReading && target.origin !== url.origin) {
    throw redirectFailure(task, `it was redirected to another host, "${target.host}"`);
  }
  return target;
}

function redirectFailure(task: Task, reason: string): RegistryError {
  return new RegistryError("unavailable", { ...task, reason });
}

interface Sending extends ExchangeContext {
  /** The host is the one that was asked, not one that it redirected to. */
  readonly isOwn: boolean;
}

async function sendOnce(
  task: Task,
  request: HttpRequest,
  tls: TlsSettings,
  { limits, signal: everythingsSignal, userAgent, isOwn }: Sending,
): Promise<HttpAnswer> {
  const { url } = request;
  const answerMs = limits.answerMs + (request.extraAnswerMs ?? 0);
  const clock = new RequestClock(task, url.host, { ...limits, answerMs });
  const signals = [clock.signal, everythingsSignal, request.signal];
  const signal = AbortSignal.any(signals.filter((each) => each !== undefined));
  const proxy = proxyFor(url, process.env);
  const failure = (error: unknown) =>
    signal.aborted
      ? interruption(signal)
      : networkFailure(task, { host: url.host, proxy: hostOf(proxy) }, error);
  const init: BunFetchRequestInit = {
    method: request.method,
    redirect: "manual",
    decompress: false,
    signal,
    tls: fetchTls(tls),
  };
  Object.assign(init, { proxy });
  try {
    throwIfAborted(signal);
    clock.waitForAnswer();
    const body = request.body?.();
    const ownHeaders = isOwn ? request.ownHeaders : {};
    const headers = {
      "User-Agent": userAgent,
      "Accept-Encoding": "identity",
      ...request.headers,
      ...ownHeaders,
    };
    init.headers = body === undefined ? headers : { ...headers, ...lengthOf(body) };
    init.body = body === undefined ? null : fetchBody(body, clock);
    const response = await fetch(url, init);
    return new HttpAnswer({ task, url, response, clock, limits, failure });
  } catch (error) {
    throw failure(error);
  } finally {
    clock.answered();
  }
}

/** For messages: a proxy's address may have a password in it. */
function hostOf(proxy: string | false): string | undefined {
  return proxy === false || !URL.canParse(proxy) ? undefined : new URL(proxy).host;
}

function lengthOf(body: RequestBody): HttpHeaders {
  return body.kind === "stream" ? { "Content-Length": String(body.size) } : {};
}

function fetchTls({ authorities, client, skipVerify }: TlsSettings): BunFetchRequestInitTLS {
  return {
    ...(authorities === undefined ? {} : { ca: [...authorities] }),
    ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
    ...(skipVerify === true ? { rejectUnauthorized: false } : {}),
  };
}
