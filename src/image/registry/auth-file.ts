// The files in which passwords for registries lie, written by docker, podman, skopeo and us alike:
//
//   {
//     "auths": {
//       "quay.io": {"auth": base64("user:password")},       a registry, or below it: "quay.io/team/app"
//       "https://index.docker.io/v1/": {"auth": ..., "identitytoken": "..."}     as docker writes its own
//     },
//     "credHelpers": {"gcr.io": "gcloud"},                  programs that keep them: docker-credential-NAME
//     "credsStore": "secretservice"                         one for all registries
//   }
//
// Sources: containers-auth.json(5); docker's cli, "Configuration file" and "Credential stores". What
// else is in a file stays in it.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { readTextFileIfExists } from "../../sys/file.ts";
import type { Credential } from "./credential.ts";
import { propertyOf } from "./registry-error.ts";

const FILE_BYTES_MAX = 4 * 1024 * 1024;
const DOCKER_HUB = "docker.io";
/** The name of Docker Hub in docker's own file and towards its helpers. */
export const DOCKER_HUB_KEY = "https://index.docker.io/v1/";

export interface AuthFile {
  readonly path: string;
  /** As it stands in the file. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly auths: ReadonlyMap<string, unknown>;
  readonly helpers: ReadonlyMap<string, string>;
  readonly store: string | undefined;
}

/** Undefined: there is no such file. Throws invalid-config, with the place of what is wrong. */
export function readAuthFile(path: string): AuthFile | undefined {
  const text = readTextFileIfExists(path, FILE_BYTES_MAX);
  return text === undefined ? undefined : parseAuthFile(text, path);
}

export function parseAuthFile(text: string, path: string): AuthFile {
  const fault = (place: string, reason: string): never => {
    throw new OcicatError("invalid-config", {
      operation: "parse",
      subject: quote(path),
      reason: place === "" ? reason : `${place}: ${reason}`,
      faults: [{ path: place, reason }],
    });
  };
  const document = parseObject(text === "" ? "{}" : text) ?? fault("", "it is not a JSON object");
  const table = (name: string): readonly [string, unknown][] => {
    const value = document[name] ?? {};
    return isObject(value) ? Object.entries(value) : fault(name, "must be an object");
  };
  const helpers = table("credHelpers").map(([key, value]): [string, string] => [
    key,
    typeof value === "string" ? value : fault(`credHelpers.${quote(key)}`, "must be a text"),
  ]);
  const store = document["credsStore"] ?? "";
  return {
    path,
    document,
    auths: new Map(table("auths")),
    helpers: new Map(helpers),
    store: typeof store === "string" ? store || undefined : fault("credsStore", "must be a text"),
  };
}

/** The text never gets into a message: it has passwords. */
function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The program that keeps the credentials of a registry, if one does. */
export function helperOf(file: AuthFile, domain: string): string | undefined {
  const own = [...file.helpers].find(([key]) => registryOf(key) === domain);
  return own === undefined ? file.store : own[1];
}

/** The key of the entry for a repository: the most specific one. An entry can be without content. */
export function authKey(file: AuthFile, domain: string, path: string): string | undefined {
  const keys = [...file.auths.keys()];
  for (let scope = path; scope !== ""; scope = parentOf(scope)) {
    const key = keys.find((each) => each === `${domain}/${scope}`);
    if (key !== undefined) {
      return key;
    }
  }
  return keys.find((key) => key === domain) ?? keys.find((key) => registryOf(key) === domain);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The registry that a key means as a whole; undefined for one that means a part of it. */
function registryOf(key: string): string | undefined {
  const bare = key.replace(/^https?:\/\//, "");
  const slash = bare.indexOf("/");
  const isPart = slash >= 0 && bare === key;
  const host = slash < 0 ? bare : bare.slice(0, slash);
  if (isPart && !/^\/v[12]\/?$/.test(bare.slice(slash))) {
    return undefined;
  }
  return host === "index.docker.io" || host === "registry-1.docker.io" ? DOCKER_HUB : host;
}

/** What there are entries for, and programs: registries, and parts of them. */
export function scopesOf(file: AuthFile): readonly { domain: string; path: string }[] {
  return [...file.auths.keys(), ...file.helpers.keys()].map((key) => {
    const registry = registryOf(key);
    const slash = key.indexOf("/");
    return registry === undefined
      ? { domain: key.slice(0, slash), path: key.slice(slash + 1) }
      : { domain: registry, path: "" };
  });
}

/** Undefined: the entry is empty, as it is when a helper keeps the password. */
export function credentialOf(file: AuthFile, key: string): Credential | undefined {
  const entry = file.auths.get(key);
  const text = (name: string): string => {
    const value = propertyOf(entry, name);
    return typeof value === "string" ? value : "";
  };
  if (text("registrytoken") !== "") {
    return { kind: "registry-token", token: text("registrytoken") };
  }
  if (text("identitytoken") !== "") {
    return { kind: "identity-token", token: text("identitytoken") };
  }
  if (text("auth") !== "") {
    return decodeAuth(file, key, text("auth"));
  }
  const username = text("username");
  return username === "" ? undefined : { kind: "password", username, password: text("password") };
}

function decodeAuth(file: AuthFile, key: string, auth: string): Credential {
  let pair = "";
  try {
    pair = new TextDecoder().decode(Uint8Array.fromBase64(auth.trim()));
  } catch {
    // The same as a text without a colon.
  }
  const colon = pair.indexOf(":");
  if (colon < 1) {
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: quote(file.path),
      reason: `auths.${quote(key)}.auth: is not a user's name and a password in base64`,
    });
  }
  // Docker's older versions end it with NUL bytes.
  const password = pair.slice(colon + 1).replace(/\0+$/, "");
  return { kind: "password", username: pair.slice(0, colon), password };
}

/** The document with an entry for a password, or without it. */
export function withAuth(
  file: AuthFile,
  key: string,
  credential: Credential | undefined,
): Record<string, unknown> {
  const auths = Object.fromEntries([...file.auths].filter(([each]) => each !== key));
  return {
    ...file.document,
    auths: credential === undefined ? auths : { ...auths, [key]: entryOf(credential) },
  };
}

function entryOf(credential: Credential): Record<string, string> {
  switch (credential.kind) {
    case "password": {
      const pair = new TextEncoder().encode(`${credential.username}:${credential.password}`);
      return { auth: pair.toBase64() };
    }
    case "identity-token":
      return { identitytoken: credential.token };
    case "registry-token":
      return { registrytoken: credential.token };
  }
}
