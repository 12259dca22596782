// The hosts that answer for a registry, in order, each with one connection for as long as the client
// lives; and the way from one that fails to the next.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type ConnectionContext, HostConnection } from "./host-connection.ts";
import type { Capability } from "./registry-host.ts";
import { type HostsSettings, registryHosts } from "./registry-hosts.ts";

/** A mirror that does not work should not hold a pull up for long: the registry itself is still there. */
const MIRROR_ATTEMPTS = 2;

export class RegistryConnections {
  readonly context: ConnectionContext;
  readonly #settings: HostsSettings;
  readonly #byDomain = new Map<string, readonly HostConnection[]>();

  constructor(context: ConnectionContext, settings: HostsSettings) {
    this.context = context;
    this.#settings = settings;
  }

  /** Never empty. Throws "unsupported" when no host may be used for it. */
  of(domain: string, capability: Capability): readonly [HostConnection, ...HostConnection[]] {
    let all = this.#byDomain.get(domain);
    if (all === undefined) {
      all = this.#connect(domain);
      this.#byDomain.set(domain, all);
    }
    const [first, ...others] = all.filter(({ host }) => host.capabilities.includes(capability));
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
    if (error.code !== "not-found") {
      const text = `the mirror ${quote(connection.host.domain)} is passed over: ${error.reason}`;
      this.context.onEvent({ kind: "note", text });
    }
  }

  #connect(domain: string): readonly HostConnection[] {
    const hosts = registryHosts(domain, this.#settings);
    const { limits } = this.context;
    const attempts = Math.min(limits.attempts, MIRROR_ATTEMPTS);
    const mirrorContext = { ...this.context, limits: { ...limits, attempts } };
    const last = hosts.at(-1);
    return hosts.map(
      (host) => new HostConnection(host, host === last ? this.context : mirrorContext),
    );
  }
}
