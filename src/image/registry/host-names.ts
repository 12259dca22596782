// What can be told from the name of a host alone: whether it is this machine, and whether a list of names
// and networks means it.

/** As URL.hostname and references write them: "localhost", "127.0.0.1", "[::1]"; without a port. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    inNetwork(name, "127.0.0.0/8")
  );
}

/** Whether an IPv4 address is one of `network` ("10.0.0.0/8"). */
export function inNetwork(host: string, network: string): boolean {
  const slash = network.indexOf("/");
  const bits = slash < 0 ? "" : network.slice(slash + 1);
  const address = addressOf(host);
  const first = addressOf(network.slice(0, Math.max(slash, 0)));
  if (address === undefined || first === undefined || !/^\d{1,2}$/.test(bits)) {
    return false;
  }
  const size = 2 ** (32 - Number(bits));
  return Number(bits) <= 32 && Math.floor(address / size) === Math.floor(first / size);
}

function addressOf(text: string): number | undefined {
  const parts = text.split(".");
  const isAddress =
    parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return isAddress ? parts.reduce((sum, part) => sum * 256 + Number(part), 0) : undefined;
}

/** The host of "host:5000" or "[::1]:5000". */
export function withoutPort(authority: string): string {
  return authority.replace(/:\d+$/, "");
}

/** Whether an entry means a registry: "host:port", "host" (any port), "*.domain" or "10.0.0.0/8". */
export function namesRegistry(entry: string, domain: string): boolean {
  const host = withoutPort(domain);
  return (
    entry === domain ||
    entry === host ||
    (entry.startsWith("*.") && host.endsWith(entry.slice(1))) ||
    inNetwork(host, entry)
  );
}
