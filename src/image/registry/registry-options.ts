// What a caller says about registries. Values come from the configuration file, flags or tests; nothing
// here reads a file. Sizes are bytes, times milliseconds.

import type { ImageEvent } from "../image-event.ts";
import type { CredentialSource } from "./credential.ts";

export interface RegistryOptions {
  /** Where passwords come from; none is sent when absent. Users expect UserCredentials. */
  readonly credentials?: CredentialSource;
  /**
   * Folders with `HOST[:PORT]/hosts.toml` or `HOST[:PORT]/{*.crt,*.cert,*.key}`; the first that knows
   * a host decides. DEFAULT_HOSTS_FOLDERS when absent.
   */
  readonly hostsFolders?: readonly string[];
  /**
   * Registries whose certificate is not checked, and that are spoken to without TLS where they do not
   * speak it: "host", "host:port", "*.domain" or "10.0.0.0/8". Loopback needs not be named for plain HTTP.
   */
  readonly insecure?: readonly string[];
  /** Mirrors by registry, asked in order before it: {"docker.io": ["https://mirror.example"]}. */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Downloads and uploads at a time of one host. */
  readonly parallelBlobs?: number;
  readonly userAgent?: string;
  readonly limits?: Partial<RegistryLimits>;
  readonly onEvent?: (event: ImageEvent) => void;
  /** Ends everything that the client does. */
  readonly signal?: AbortSignal;
}

export interface RegistryLimits {
  /** Until the head of an answer is there. */
  readonly answerMs: number;
  /** Without a single byte of a body, or of an upload that the server takes. */
  readonly idleMs: number;
  /** Of one request without progress between; then the last error is thrown. */
  readonly attempts: number;
  /** Wait before the second attempt; doubles from there, with jitter. */
  readonly firstWaitMs: number;
  /** Of any wait, also of one that a Retry-After asks for. */
  readonly longestWaitMs: number;
  readonly redirects: number;
  /** Of a manifest, a token, a list, an error document. */
  readonly documentBytes: number;
  /** Entries of all pages of a list together. */
  readonly listEntries: number;
  /**
   * A larger blob is uploaded in chunks of this size; others in one request, unless the registry, or what
   * stands before it, takes no request of that size.
   */
  readonly chunkBytes: number;
}

export const DEFAULT_LIMITS: RegistryLimits = {
  answerMs: 60_000,
  idleMs: 60_000,
  attempts: 6,
  firstWaitMs: 500,
  longestWaitMs: 60_000,
  redirects: 8,
  documentBytes: 4 * 1024 * 1024,
  listEntries: 1_000_000,
  chunkBytes: 1024 ** 4,
};

export const DEFAULT_PARALLEL_BLOBS = 4;

/** Our own first; then those of containerd and Docker, which users may have filled already. */
export const DEFAULT_HOSTS_FOLDERS: readonly string[] = [
  "/etc/ocicat/certs.d",
  "/etc/containerd/certs.d",
  "/etc/docker/certs.d",
];
