// hosts.toml, containerd's description of where a registry's content may be fetched from (containerd
// docs/hosts.md):
//
//   server = "https://registry-1.docker.io"       asked last; the registry itself when absent
//   ca = "own.crt"                                what follows can also stand here, for the server
//   [host."https://mirror.example"]               asked in the order of the file
//     capabilities = ["pull", "resolve", "push"]  all when absent
//     ca = "mirror.crt"                           a path or a list of paths
//     client = [["client.cert", "client.key"]]    a path, paths, or pairs of a certificate and its key
//     skip_verify = false
//     override_path = false                       true: the path is the API's as it stands
//     [host."https://mirror.example".header]
//       x-key = "value"                           or a list
//
// Paths are relative to the file. Names that are not known are ignored, as containerd does.

import { type Fault, OcicatError, quote } from "../../error/ocicat-error.ts";
import { CAPABILITIES, type Capability } from "./registry-host.ts";

export interface HostsFile {
  readonly server: HostEntry | undefined;
  /** What stands beside `server`, for whatever the server is. */
  readonly serverSettings: HostSettings;
  readonly hosts: readonly HostEntry[];
}

export interface HostSettings {
  readonly capabilities: readonly Capability[];
  /** Paths. */
  readonly authorities: readonly string[];
  /** Paths; a certificate without a key has it in the same file. */
  readonly clients: readonly { readonly certificate: string; readonly key: string }[];
  readonly skipVerify: boolean | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HostEntry extends HostSettings {
  /** With the path of the API, without a slash at its end. */
  readonly url: string;
}

/** Throws invalid-config with every fault and its place. */
export function parseHostsToml(text: string, subject: string): HostsFile {
  const reader = new HostsReader();
  const document = parseToml(text, subject);
  const server = reader.url(document["server"], "server", document["override_path"]);
  const serverSettings = reader.settings(document, "");
  const table = reader.table(document["host"], "host");
  const hosts = Object.entries(table).map(([key, value]) => {
    const place = `host.${quote(key)}`;
    const settings = reader.table(value, place);
    const url = reader.url(key, place, settings["override_path"]);
    return { url: url ?? "", ...reader.settings(settings, `${place}.`) };
  });
  if (reader.faults.length > 0) {
    throw refused(subject, reader.faults);
  }
  return {
    server: server === undefined ? undefined : { url: server, ...serverSettings },
    serverSettings,
    hosts,
  };
}

/**
 * The address of a registry's API: "mirror.example" is "https://mirror.example/v2". The path gets "/v2"
 * unless that is there or the path is to stay. Undefined: the text is no such address.
 */
export function apiAddress(written: string, keepsPath: boolean): string | undefined {
  const full = written.includes("://") ? written : `https://${written}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (url === undefined || !isWeb || `${url.username}${url.search}${url.hash}` !== "") {
    return undefined;
  }
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${path}${keepsPath || path.endsWith("/v2") ? "" : "/v2"}`;
}

type Table = Readonly<Record<string, unknown>>;

function parseToml(text: string, subject: string): Table {
  try {
    const value: unknown = Bun.TOML.parse(text);
    return isTable(value) ? value : {};
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : undefined;
    throw refused(
      subject,
      [{ path: "", reason: `not TOML: ${reason ?? "unknown reason"}` }],
      error,
    );
  }
}

function refused(subject: string, faults: readonly Fault[], cause?: unknown): OcicatError {
  const reason = faults.map(({ path, reason: each }) => (path === "" ? each : `${path}: ${each}`));
  return new OcicatError("invalid-config", {
    operation: "parse",
    subject,
    reason: reason.join("; "),
    faults,
    cause,
  });
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const HEADER_NAME = /^[\w!#$%&\x27*+.^\x60|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

class HostsReader {
  readonly faults: Fault[] = [];

  table(value: unknown, place: string): Table {
    if (value === undefined || isTable(value)) {
      return value ?? {};
    }
    this.#fault(place, "must be a table");
    return {};
  }

  url(value: unknown, place: string, overridePath: unknown): string | undefined {
    if (value === undefined || value === "") {
      return undefined;
    }
    const written = this.#text(value, place);
    if (written === undefined) {
      return undefined;
    }
    const url = apiAddress(written, this.#flag(overridePath, `${place}: override_path`));
    if (url === undefined) {
      this.#fault(place, `${quote(written)} is not the address of a registry`);
    }
    return url;
  }

  settings(table: Table, prefix: string): HostSettings {
    const skipVerify = table["skip_verify"];
    return {
      capabilities: this.#capabilities(table["capabilities"], `${prefix}capabilities`),
      authorities: this.#texts(table["ca"], `${prefix}ca`),
      clients: this.#clients(table["client"], `${prefix}client`),
      skipVerify:
        skipVerify === undefined ? undefined : this.#flag(skipVerify, `${prefix}skip_verify`),
      headers: this.#headers(table["header"], `${prefix}header`),
    };
  }

  #capabilities(value: unknown, place: string): readonly Capability[] {
    const names = this.#texts(value, place);
    const known = CAPABILITIES.filter((capability) => names.includes(capability));
    const strange = names.find((name) => !CAPABILITIES.some((each) => each === name));
    if (strange !== undefined) {
      this.#fault(place, `${quote(strange)} is none of ${CAPABILITIES.join(", ")}`);
    }
    return names.length === 0 ? CAPABILITIES : known;
  }

  #clients(value: unknown, place: string): HostSettings["clients"] {
    const entries = Array.isArray(value) ? value : [value].filter((each) => each !== undefined);
    return entries.flatMap((entry: unknown, index) => {
      const at = Array.isArray(value) ? `${place}[${index}]` : place;
      const [certificate, key, ...others] = this.#texts(entry, at);
      if (certificate === undefined || others.length > 0) {
        this.#fault(at, "must be a path, or a certificate's path and its key's");
        return [];
      }
      return [{ certificate, key: key === undefined || key === "" ? certificate : key }];
    });
  }

  #headers(value: unknown, place: string): Readonly<Record<string, string>> {
    const headers: [string, string][] = [];
    for (const [name, entry] of Object.entries(this.table(value, place))) {
      const at = `${place}.${quote(name)}`;
      const text = this.#texts(entry, at).join(", ");
      if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(text)) {
        this.#fault(at, "is not a header");
      }
      headers.push([name, text]);
    }
    return Object.fromEntries(headers);
  }

  #texts(value: unknown, place: string): readonly string[] {
    if (value === undefined) {
      return [];
    }
    const values = Array.isArray(value) ? value : [value];
    const texts = values.map((each: unknown, index) =>
      this.#text(each, Array.isArray(value) ? `${place}[${index}]` : place),
    );
    return texts.filter((text) => text !== undefined);
  }

  #text(value: unknown, place: string): string | undefined {
    if (typeof value === "string" && !value.includes("\0")) {
      return value;
    }
    this.#fault(place, "must be a text");
    return undefined;
  }

  #flag(value: unknown, place: string): boolean {
    if (value !== undefined && typeof value !== "boolean") {
      this.#fault(place, "must be true or false");
    }
    return value === true;
  }

  #fault(path: string, reason: string): void {
    this.faults.push({ path, reason });
  }
}
