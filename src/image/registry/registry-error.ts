// Failures of registries: which of them are worth another attempt, and what the error documents of
// distribution-spec (section "Error Codes") mean:
//
//   {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": ...}]}

import { type ErrorCode, type ErrorDetails, OcicatError, quote } from "../../error/ocicat-error.ts";

export interface FailureFacts {
  /** Of HTTP; absent when there was no answer. */
  readonly status?: number;
  /** Another attempt can go well. */
  readonly isTransient?: boolean;
  /** What the registry asks to wait before it. */
  readonly retryAfterMs?: number | undefined;
  /** No connection came to be: nobody listens there, or the name is unknown. */
  readonly isUnreachable?: boolean;
  /** The other side closed or does not speak TLS. */
  readonly maySpeakPlain?: boolean;
}

export class RegistryError extends OcicatError {
  readonly facts: FailureFacts;

  constructor(code: ErrorCode, details: ErrorDetails, facts: FailureFacts = {}) {
    super(code, details);
    this.facts = facts;
  }
}

/** What was tried, for the text of an error: "fetch", `the manifest of "docker.io/library/debian:12"`. */
export interface Task {
  readonly operation: string;
  readonly subject: string;
}

export interface RefusedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The beginning of the body. */
  readonly text: string;
  /** Who answered: "registry-1.docker.io". */
  readonly host: string;
}

const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** The error for an answer that is none of those that the task can go on with. */
export function refusal(task: Task, answer: RefusedAnswer): RegistryError {
  const { status, headers } = answer;
  const isTransient = TRANSIENT.has(status);
  return new RegistryError(
    codeOf(status),
    { ...task, reason: reasonOf(answer) },
    {
      status,
      isTransient,
      retryAfterMs: isTransient ? retryAfterMs(headers.get("retry-after"), Date.now()) : undefined,
    },
  );
}

function codeOf(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return "permission-denied";
    case 404:
      return "not-found";
    case 405:
    case 501:
      return "unsupported";
    case 429:
      return "exhausted";
    case 400:
    case 413:
    case 416:
      return "invalid-argument";
    default:
      return "unavailable";
  }
}

function reasonOf(answer: RefusedAnswer): string {
  const { status, text, host } = answer;
  const said = describeErrors(text);
  const suffix = said === undefined ? "" : `: ${said}`;
  const who = quote(host);
  switch (status) {
    case 401:
      return `${who} does not know who asks (401)${suffix}`;
    case 403:
      return `${who} does not allow it (403)${suffix}`;
    case 404:
      return `${who} does not have it (404)${suffix}`;
    case 429:
      return `${who} limits the rate of requests (429)${suffix}`;
    default:
      return `${who} answered with status ${status}${suffix}`;
  }
}

const DESCRIBED_ERRORS_MAX = 3;
const DESCRIBED_LENGTH_MAX = 300;

/** The sentences of an error document; nothing when the text is none. */
export function describeErrors(text: string): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  const errors = propertyOf(document, "errors");
  const entries = Array.isArray(errors) ? errors.slice(0, DESCRIBED_ERRORS_MAX) : [document];
  const sentences = entries.map(describeError).filter((sentence) => sentence !== "");
  return sentences.length === 0 ? undefined : sentences.join("; ");
}

/** Token services answer in several ways: {"message"}, {"details"}, {"error", "error_description"}. */
function describeError(error: unknown): string {
  const code = textOf(error, "code") ?? textOf(error, "error");
  const message =
    textOf(error, "message") ?? textOf(error, "details") ?? textOf(error, "error_description");
  const parts = [message, code === undefined || message === undefined ? code : `(${code})`];
  const sentence = parts.filter((part) => part !== undefined).join(" ");
  // What comes from outside must not write into a terminal.
  return sentence.replaceAll(/[^\P{C}]+/gu, " ").slice(0, DESCRIBED_LENGTH_MAX);
}

function textOf(value: unknown, name: string): string | undefined {
  const property = propertyOf(value, name);
  return typeof property === "string" && property !== "" ? property : undefined;
}

/** An own property of something that was JSON. */
export function propertyOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** From now on, of seconds or a date (RFC 9110 section 10.2.3); nothing when it is neither. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) {
    return Number(text) * 1000;
  }
  // A date begins with its day of the week; Date.parse takes too much else for a date.
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
