// Which proxy a request goes through, by the variables that curl and Go's programs obey: HTTP_PROXY,
// HTTPS_PROXY, ALL_PROXY and NO_PROXY, in upper or lower case. As in Go, loopback is never behind a proxy.

import { inNetwork, isLoopback } from "./host-names.ts";

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** The proxy's URL, or false: none, whatever fetch itself would read from the environment. */
export function proxyFor(url: URL, environment: ProxyEnvironment): string | false {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const proxy = read(environment, name) ?? read(environment, "ALL_PROXY");
  if (proxy === undefined || isLoopback(url.hostname) || isExcepted(url, environment)) {
    return false;
  }
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function read(environment: ProxyEnvironment, name: string): string | undefined {
  const value = environment[name.toLowerCase()] ?? environment[name];
  return value === undefined || value === "" ? undefined : value;
}

function isExcepted(url: URL, environment: ProxyEnvironment): boolean {
  const exceptions = (read(environment, "NO_PROXY") ?? "").split(",");
  return exceptions.some((exception) => matches(url, exception.trim().toLowerCase()));
}

/** "*", "10.0.0.0/8", "host", "host:port", ".domain" (its hosts) or "*.domain". */
function matches(url: URL, exception: string): boolean {
  if (exception === "" || exception === "*") {
    return exception === "*";
  }
  const port = url.port === "" ? defaultPort(url) : url.port;
  const written = /^(.*?)(?::(\d+))?$/.exec(exception);
  const host = written?.[1] ?? exception;
  if (written?.[2] !== undefined && !host.includes(":") && written[2] !== port) {
    return false;
  }
  const suffix = host.replace(/^\*?\./, "");
  const isOnlyBelow = suffix !== host;
  const isBelow = url.hostname.endsWith(`.${suffix}`);
  return isBelow || (!isOnlyBelow && url.hostname === suffix) || inNetwork(url.hostname, exception);
}

function defaultPort(url: URL): string {
  return url.protocol === "https:" ? "443" : "80";
}
