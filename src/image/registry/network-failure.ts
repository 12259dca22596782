// What fetch throws, in words, and whether another attempt is worth it. Bun tells the causes apart by
// the property `code`: names of errno, of getaddrinfo, of OpenSSL's verification results, or its own.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type FailureFacts, propertyOf, RegistryError, type Task } from "./registry-error.ts";
import { domainOf } from "./registry-host.ts";

/** Who was asked. */
export interface AskedHost {
  /** As the user knows it: "quay.io", "localhost:5000". */
  readonly host: string;
  /** The host of the proxy on the way. */
  readonly proxy?: string | undefined;
}

export function networkFailure(task: Task, asked: AskedHost, error: unknown): OcicatError {
  // A source that could not be read stays what it is.
  if (error instanceof OcicatError) {
    return error;
  }
  const code = propertyOf(error, "code");
  const name = typeof code === "string" ? code : "";
  const text = error instanceof Error ? error.message : String(error);
  const { reason, hint, ...facts } = describe(name, text, asked);
  const hinted = hint === undefined ? {} : { hint };
  return new RegistryError("unavailable", { ...task, reason, ...hinted, cause: error }, facts);
}

export function timedOut(task: Task, reason: string): RegistryError {
  return new RegistryError(
    "timeout",
    { ...task, reason },
    { isTransient: true, maySpeakPlain: true },
  );
}

interface Described extends FailureFacts {
  readonly reason: string;
  readonly hint?: string;
}

function describe(code: string, text: string, { host, proxy }: AskedHost): Described {
  return (
    connectionFailure(code, proxy ?? host, proxy !== undefined) ??
    tlsFailure(code, host) ??
    certificateFailure(code, text, host) ?? {
      reason: `${quote(host)} did not answer (${firstLine(text)})`,
      isTransient: !code.startsWith("Failed"),
    }
  );
}

const PROXY_HINT = "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names it; NO_PROXY excepts registries";

/** Where nothing came back. `host` is the one that a connection was to go to. */
function connectionFailure(code: string, host: string, isProxy: boolean): Described | undefined {
  const who = isProxy ? `the proxy ${quote(host)}` : quote(host);
  const hintOr = (hint: string): string => (isProxy ? PROXY_HINT : hint);
  switch (code) {
    case "ECONNREFUSED":
      return {
        reason: `nobody listens at ${who}`,
        hint: hintOr("is the registry running, and is its port right?"),
        isUnreachable: true,
      };
    case "ENOTFOUND":
      return {
        reason: isProxy ? `there is no host of ${who}` : `there is no host ${who}`,
        hint: hintOr("check how it is spelled, and the name servers in /etc/resolv.conf"),
        isUnreachable: true,
      };
    case "EAI_AGAIN":
      return {
        reason: `no name server answers for ${who}`,
        hint: hintOr("check the network, and the name servers in /etc/resolv.conf"),
        isTransient: true,
      };
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return {
        reason: `no way leads to ${who} from here (${code})`,
        hint: hintOr("check the network; a proxy is named by HTTPS_PROXY"),
        isTransient: true,
      };
    case "ECONNRESET":
    case "EPIPE":
    case "ConnectionClosed":
      return {
        reason: `${quote(host)} closed the connection`,
        isTransient: true,
        maySpeakPlain: true,
      };
    default:
      return undefined;
  }
}

function tlsFailure(code: string, host: string): Described | undefined {
  return code === "EPROTO"
    ? {
        reason: `the TLS handshake with ${quote(host)} did not succeed`,
        hint:
          `if it speaks plain HTTP, add it to the setting image.insecure-registries; ` +
          `if it wants a client's certificate, put that into ${certificatesOf(host)}/client.cert`,
        maySpeakPlain: true,
      }
    : undefined;
}

/** DEPTH_ZERO_SELF_SIGNED_CERT, UNABLE_TO_GET_ISSUER_CERT_LOCALLY, CERT_REVOKED, ... */
function certificateFailure(code: string, text: string, host: string): Described | undefined {
  const certificate = `the certificate of ${quote(host)}`;
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return {
        reason: `${certificate} is for another name`,
        hint:
          "use the name that it is for; where that cannot be, the setting " +
          "image.insecure-registries leaves certificates unchecked",
      };
    case "CERT_HAS_EXPIRED":
      return {
        reason: `${certificate} has expired`,
        hint: "whoever runs the registry has to renew it; is the clock of this machine right?",
      };
    case "CERT_NOT_YET_VALID":
      return {
        reason: `${certificate} is not valid yet`,
        hint: "is the clock of this machine right?",
      };
    default:
      return /CERT|SIGNATURE|ISSUER|CRL/.test(code)
        ? {
            reason: `${certificate} is not trusted (${firstLine(text)})`,
            hint: `put the certificate of its authority into ${certificatesOf(host)}/ca.crt`,
          }
        : undefined;
  }
}

function certificatesOf(host: string): string {
  return `/etc/ocicat/certs.d/${domainOf(host)}`;
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.slice(0, 200) ?? "";
}
