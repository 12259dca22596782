// The hosts that answer for a registry, in order, each with one connection for as long as the client
// lives; and the way from one that fails to the next.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { BlobSenders } from "./blob-senders.ts";
import { type ConnectionContext, HostConnection } from "./host-connection.ts";
import { RegistryError } from "./registry-error.ts";
import type { Capability } from "./registry-host.ts";
import { type HostsSettings, registryHosts } from "./registry-hosts.ts";

/** A mirror that does not work should not hold a pull up for long: the registry itself is still there. */
const MIRROR_ATTEMPTS = 2;
const MIRROR_ANSWER_MS = 15_000;

interface Connections {
  readonly mirrors: readonly HostConnection[];
  readonly upstream: HostConnection;
}

export class RegistryConnections {
  readonly context: ConnectionContext;
  readonly blobSenders = new BlobSenders();
  readonly #settings: HostsSettings;
  /** Mirrors of which the user knows. */
  readonly #passedOver = new Set<string>();
  readonly #byDomain = new Map<string, Connections>();

  constructor(context: ConnectionContext, settings: HostsSettings) {
    this.context = context;
    this.#settings = settings;
  }

  /** The registry itself, whatever mirrors it has. */
  upstream(domain: string): HostConnection {
    return this.#all(domain).upstream;
  }

  /** Never empty. Throws "unsupported" when no host may be used for it. */
  of(domain: string, capability: Capability): readonly [HostConnection, ...HostConnection[]] {
    const { mirrors, upstream } = this.#all(domain);
    const asked = [...mirrors.filter(({ isDown }) => !isDown), upstream];
    const able = asked.filter(({ host }) => host.capabilities.includes(capability));
    const [first, ...others] = able;
    if (first === undefined) {
      throw new OcicatError("unsupported", {
        operation: capability,
        subject: `from ${quote(domain)}`,
        reason: "its hosts.toml names no host that may do it",
      });
    }
    return [first, ...others];
  }

  /** The result of the first host with which `work` succeeds; the error of the last one. */
  async first<Result>(
    domain: string,
    capability: Capability,
    work: (connection: HostConnection) => Promise<Result>,
  ): Promise<Result> {
    const [head, ...others] = this.of(domain, capability);
    let connection = head;
    for (const next of others) {
      try {
        return await work(connection);
      } catch (error) {
        this.passOver(connection, error);
      }
      connection = next;
    }
    return await work(connection);
  }

  /** Says why a mirror is left for the next host. Throws what ends everything. */
  passOver(connection: HostConnection, error: unknown): void {
    if (!(error instanceof OcicatError) || error.code === "interrupted") {
      throw error;
    }
    const isSilent = error instanceof RegistryError && error.facts.isUnreachable === true;
    connection.isDown ||= isSilent || error.code === "timeout";
    const { domain } = connection.host;
    if (error.code !== "not-found" && !this.#passedOver.has(domain)) {
      this.#passedOver.add(domain);
      const text = `the mirror ${quote(domain)} is passed over: ${error.reason}`;
      this.context.onEvent({ kind: "note", text });
    }
  }

  #all(domain: string): Connections {
    let all = this.#byDomain.get(domain);
    if (all === undefined) {
      all = this.#connect(domain);
      this.#byDomain.set(domain, all);
    }
    return all;
  }

  #connect(domain: string): Connections {
    const { mirrors, upstream } = registryHosts(domain, this.#settings);
    const { limits } = this.context;
    const attempts = Math.min(limits.attempts, MIRROR_ATTEMPTS);
    const answerMs = Math.min(limits.answerMs, MIRROR_ANSWER_MS);
    const mirrorContext = { ...this.context, limits: { ...limits, attempts, answerMs } };
    return {
      mirrors: mirrors.map((host) => new HostConnection(host, mirrorContext)),
      upstream: new HostConnection(upstream, this.context),
    };
  }
}
