// What fetch throws, in words, and whether another attempt is worth it. Bun tells the causes apart by
// the property `code`: names of errno, of OpenSSL's verification results, or its own.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { propertyOf, RegistryError, type Task } from "./registry-error.ts";
import { domainOf } from "./registry-host.ts";

/** `host` as the user knows it. An OcicatError (a source that could not be read) stays what it is. */
export function networkFailure(task: Task, host: string, error: unknown): OcicatError {
  if (error instanceof OcicatError) {
    return error;
  }
  const code = propertyOf(error, "code");
  const name = typeof code === "string" ? code : "";
  const text = error instanceof Error ? error.message : String(error);
  return fromCode({ task, host: quote(host), code: name, text, cause: error });
}

export function timedOut(task: Task, reason: string): RegistryError {
  return new RegistryError(
    "timeout",
    { ...task, reason },
    { isTransient: true, maySpeakPlain: true },
  );
}

interface Failure {
  readonly task: Task;
  readonly host: string;
  readonly code: string;
  readonly text: string;
  readonly cause: unknown;
}

function fromCode({ task, host, code, text, cause }: Failure): RegistryError {
  const details = (reason: string) => ({ ...task, reason, cause });
  switch (code) {
    case "ECONNREFUSED":
      return new RegistryError("unavailable", details(`nobody listens at ${host}`), {
        isUnreachable: true,
      });
    case "ENOTFOUND":
      return new RegistryError("unavailable", details(`there is no host ${host}`), {
        isUnreachable: true,
      });
    case "EPROTO":
      return new RegistryError(
        "unavailable",
        {
          ...details(`the TLS handshake with ${host} did not succeed`),
          hint: `it may speak plain HTTP, or want a client's certificate: ${certificatesOf(host)}/client.cert`,
        },
        { maySpeakPlain: true },
      );
    case "ECONNRESET":
    case "EPIPE":
    case "ConnectionClosed":
      return new RegistryError("unavailable", details(`${host} closed the connection`), {
        isTransient: true,
        maySpeakPlain: true,
      });
    default:
      return isCertificateProblem(code)
        ? certificateFailure(task, host, text, cause)
        : new RegistryError("unavailable", details(`${host} did not answer (${firstLine(text)})`), {
            isTransient: !code.startsWith("Failed"),
          });
  }
}

/** DEPTH_ZERO_SELF_SIGNED_CERT, UNABLE_TO_GET_ISSUER_CERT_LOCALLY, ERR_TLS_CERT_ALTNAME_INVALID, ... */
function isCertificateProblem(code: string): boolean {
  return /CERT|SIGNATURE|ISSUER|CRL/.test(code);
}

function certificateFailure(task: Task, host: string, text: string, cause: unknown): RegistryError {
  return new RegistryError("unavailable", {
    ...task,
    reason: `the certificate of ${host} is not trusted (${firstLine(text)})`,
    cause,
    hint: `put the certificate of its authority into ${certificatesOf(host)}/ca.crt`,
  });
}

function certificatesOf(quotedHost: string): string {
  return `/etc/ocicat/certs.d/${domainOf(quotedHost.replaceAll('"', ""))}`;
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.slice(0, 200) ?? "";
}
