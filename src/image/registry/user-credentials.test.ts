// Credentials in the files and programs of docker and podman: found, kept, taken away.

import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { failureOf } from "./client.fixture.ts";
import type { Credential } from "./credential.ts";
import { standardPaths, UserCredentials } from "./user-credentials.ts";

let home = "";

/** A credential helper that does the same whatever it is asked. */
function installAnswering(name: string, script: string): void {
  mkdirSync(join(home, "bin"), { recursive: true });
  const path = join(home, "bin", `docker-credential-${name}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oct-auth-"));
});

afterEach(() => {
  rmSync(home, { recursive: true });
});

const RUNTIME = "run/containers/auth.json";
const CONFIG = ".config/containers/auth.json";
const DOCKER = ".docker/config.json";

function environment(): Record<string, string> {
  return { HOME: home, XDG_RUNTIME_DIR: join(home, "run"), PATH: join(home, "bin") };
}

function credentials(variables: Record<string, string> = {}): UserCredentials {
  return new UserCredentials({ environment: { ...environment(), ...variables }, userId: 1000 });
}

function writeJson(name: string, document: unknown): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(document));
  return path;
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(join(home, name), "utf8"));
}

function auth(username: string, password: string): { readonly auth: string } {
  return { auth: Buffer.from(`${username}:${password}`).toString("base64") };
}

function password(username: string, secret: string): Credential {
  return { kind: "password", username, password: secret };
}

/** A credential helper that keeps its entries as files, and notes how it was called. */
function installHelper(name: string): void {
  mkdirSync(join(home, "bin"), { recursive: true });
  mkdirSync(join(home, "kept"), { recursive: true });
  const path = join(home, "bin", `docker-credential-${name}`);
  const script = `#!/bin/sh
PATH=/usr/bin:/bin
echo "$*" >> ${home}/calls
input=$(cat)
case "$1" in
  store) server=$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/') ;;
  *) server=$input ;;
esac
file=${home}/kept/$(printf %s "$server" | tr / _)
case "$1" in
  store) printf %s "$input" > "$file" ;;
  *) [ -e "$file" ] || { echo "credentials not found in native keychain"; exit 1; } ;;
esac
case "$1" in
  get) cat "$file" ;;
  erase) rm "$file" ;;
esac
`;
  writeFileSync(path, script);
  chmodSync(path, 0o755);
}

test("nothing is found where there are no files", async () => {
  expect(await credentials().find("quay.io", "a/b")).toBeUndefined();
});

test("the most specific entry counts, then the registry's", async () => {
  writeJson(RUNTIME, {
    auths: {
      "quay.io": auth("registry", "1"),
      "quay.io/team": auth("team", "2"),
      "quay.io/team/app": auth("app", "3"),
      "localhost:5000": auth("local", "a:b"),
    },
  });
  const found = credentials();
  expect(await found.find("quay.io", "team/app")).toEqual(password("app", "3"));
  expect(await found.find("quay.io", "team/other/deep")).toEqual(password("team", "2"));
  expect(await found.find("quay.io", "teamwork")).toEqual(password("registry", "1"));
  expect(await found.find("quay.io", "")).toEqual(password("registry", "1"));
  expect(await found.find("localhost:5000", "x")).toEqual(password("local", "a:b"));
  expect(await found.find("localhost", "x")).toBeUndefined();
});

test.each([
  "https://index.docker.io/v1/",
  "index.docker.io",
  "docker.io",
  "registry-1.docker.io",
  "https://registry-1.docker.io/v2/",
])("Docker Hub's entry may be called %p", async (key) => {
  writeJson(DOCKER, { auths: { [key]: auth("me", "x") } });
  expect(await credentials().find("docker.io", "library/debian")).toEqual(password("me", "x"));
});

test.each(["https://r.example", "http://r.example/v1/", "r.example/v2/", "https://r.example/v2"])(
  "an entry with an address (%p) is its registry's",
  async (key) => {
    writeJson(DOCKER, { auths: { [key]: auth("me", "x") } });
    expect(await credentials().find("r.example", "a")).toEqual(password("me", "x"));
  },
);

test.each<[Record<string, string>, Credential | undefined]>([
  [{ username: "u", password: "p" }, password("u", "p")],
  [
    { ...auth("u", "p"), identitytoken: "t" },
    { kind: "identity-token", token: "t" },
  ],
  [{ registrytoken: "t" }, { kind: "registry-token", token: "t" }],
  [{ auth: Buffer.from("u:p\0\0").toString("base64") }, password("u", "p")],
  [{}, undefined],
])("an entry %p means %p", async (entry, expected) => {
  writeJson(DOCKER, { auths: { "r.example": entry } });
  expect(await credentials().find("r.example", "a")).toEqual(
    expected as NonNullable<typeof expected>,
  );
});

test("files are read in order, and REGISTRY_AUTH_FILE alone", async () => {
  writeJson(DOCKER, {
    auths: { "r.example": auth("docker", "1"), "d.example": auth("only", "1") },
  });
  writeJson(CONFIG, { auths: { "r.example": auth("config", "1") } });
  expect(await credentials().find("r.example", "")).toEqual(password("config", "1"));
  writeJson(RUNTIME, { auths: { "r.example": auth("runtime", "1") } });
  expect(await credentials().find("r.example", "")).toEqual(password("runtime", "1"));
  expect(await credentials().find("d.example", "")).toEqual(password("only", "1"));
  const path = writeJson("mine.json", { auths: { "r.example": auth("mine", "1") } });
  const own = credentials({ REGISTRY_AUTH_FILE: path });
  expect(await own.find("r.example", "")).toEqual(password("mine", "1"));
  expect(await own.find("d.example", "")).toBeUndefined();
});

test.each([
  ["[]", "it is not a JSON object"],
  ["{", "it is not a JSON object"],
  ['{"auths":[]}', "auths: must be an object"],
  ['{"credHelpers":{"a":1}}', 'credHelpers."a": must be a text'],
  ['{"credsStore":1}', "credsStore: must be a text"],
  [
    '{"auths":{"r.example":{"auth":"c2VjcmV0"}}}',
    'auths."r.example".auth: is not a user\'s name and a password in base64',
  ],
  [
    '{"auths":{"r.example":{"auth":"%%%"}}}',
    'auths."r.example".auth: is not a user\'s name and a password in base64',
  ],
])("a file %p is refused, without its secrets", async (text, reason) => {
  mkdirSync(join(home, "run/containers"), { recursive: true });
  writeFileSync(join(home, RUNTIME), text);
  const error = await failureOf(credentials().find("r.example", ""));
  expect(error.code).toBe("invalid-config");
  expect(error.message).toContain(`${JSON.stringify(join(home, RUNTIME))}: ${reason}`);
  expect(error.message).not.toContain("c2VjcmV0");
});

test("a login stays in a file of ours that others read, for nobody else's eyes", async () => {
  const place = await credentials().store("quay.io", "", password("bob", "s:ecret"));
  expect(place).toEqual({ kind: "file", path: join(home, CONFIG) });
  expect(readJson(CONFIG)).toEqual({ auths: { "quay.io": auth("bob", "s:ecret") } });
  expect(statSync(join(home, CONFIG)).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(join(home, CONFIG))).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(join(home, CONFIG)))).toEqual(["auth.json"]);
  await credentials().store("quay.io", "team", password("team", "x"));
  expect(await credentials().find("quay.io", "team/app")).toEqual(password("team", "x"));
  expect(await credentials().find("quay.io", "other")).toEqual(password("bob", "s:ecret"));
});

test("a login goes to where the registry is known; what else is there stays", async () => {
  const rest = {
    HttpHeaders: { a: "b" },
    auths: { other: auth("o", "p"), "https://index.docker.io/v1/": {} },
  };
  writeJson(DOCKER, rest);
  chmodSync(join(home, DOCKER), 0o644);
  const place = await credentials().store("docker.io", "", password("me", "x"));
  expect(place).toEqual({ kind: "file", path: join(home, DOCKER) });
  expect(readJson(DOCKER)).toEqual({
    ...rest,
    auths: { other: auth("o", "p"), "https://index.docker.io/v1/": auth("me", "x") },
  });
  expect(statSync(join(home, DOCKER)).mode & 0o777).toBe(0o600);
});

test("a file that is a link stays one", async () => {
  writeJson("dotfiles/auth.json", { auths: {} });
  mkdirSync(join(home, ".config/containers"), { recursive: true });
  symlinkSync("../../dotfiles/auth.json", join(home, CONFIG));
  await credentials().store("quay.io", "", password("bob", "x"));
  expect(lstatSync(join(home, CONFIG)).isSymbolicLink()).toBe(true);
  expect(readJson("dotfiles/auth.json")).toEqual({ auths: { "quay.io": auth("bob", "x") } });
});

test("logins at the same time do not lose each other", async () => {
  const names = Array.from({ length: 10 }, (_, index) => `r${index}.example`);
  await Promise.all(names.map((name) => credentials().store(name, "", password(name, "x"))));
  for (const name of names) {
    expect(await credentials().find(name, "")).toEqual(password(name, "x"));
  }
});

test("a logout takes the entry out of each file", async () => {
  writeJson(RUNTIME, { auths: { "quay.io": auth("a", "b"), "quay.io/team": auth("t", "b") } });
  writeJson(DOCKER, { auths: { "https://quay.io/v2/": auth("a", "b") } });
  const places = await credentials().erase("quay.io", "");
  expect(places.map((place) => place.kind === "file" && place.path)).toEqual([
    join(home, RUNTIME),
    join(home, DOCKER),
  ]);
  expect(readJson(RUNTIME)).toEqual({ auths: { "quay.io/team": auth("t", "b") } });
  expect(await credentials().erase("quay.io", "")).toEqual([]);
  expect(await credentials().erase("quay.io", "team")).toHaveLength(1);
  expect(await credentials().find("quay.io", "team/app")).toBeUndefined();
});

test("a logout from everywhere leaves nothing", async () => {
  writeJson(RUNTIME, { auths: { "quay.io": auth("a", "b"), "quay.io/team/app": auth("t", "b") } });
  writeJson(DOCKER, { auths: { "https://index.docker.io/v1/": auth("a", "b") }, other: 1 });
  expect(await credentials().eraseAll()).toHaveLength(3);
  expect(readJson(RUNTIME)).toEqual({ auths: {} });
  expect(readJson(DOCKER)).toEqual({ auths: {}, other: 1 });
  expect(await credentials().eraseAll()).toEqual([]);
});

test("a helper keeps what it is for; the password is no argument", async () => {
  installHelper("test");
  writeJson(DOCKER, { credHelpers: { "gcr.io": "test" }, auths: { "gcr.io": {} } });
  const own = credentials();
  expect(await own.find("gcr.io", "a/b")).toBeUndefined();
  const place = await own.store("gcr.io", "", password("bob", "s:ecret"));
  expect(place).toEqual({ kind: "helper", name: "test" });
  expect(await own.find("gcr.io", "a/b")).toEqual(password("bob", "s:ecret"));
  expect(JSON.stringify(readJson(DOCKER))).not.toContain(auth("bob", "s:ecret").auth);
  expect(readFileSync(join(home, "calls"), "utf8")).toBe("get\nstore\nget\n");
  expect(await own.erase("gcr.io", "")).toEqual([
    { kind: "helper", name: "test" },
    { kind: "file", path: join(home, DOCKER) },
  ]);
  expect(await own.find("gcr.io", "a/b")).toBeUndefined();
});

test("one helper for all registries, tokens among them", async () => {
  installHelper("all");
  writeJson(DOCKER, { credsStore: "all", auths: { "file.example": auth("in", "file") } });
  const own = credentials();
  const token: Credential = { kind: "identity-token", token: "t" };
  await own.store("docker.io", "", token);
  expect(existsSync(join(home, "kept", "https:__index.docker.io_v1_"))).toBe(true);
  expect(await own.find("docker.io", "library/a")).toEqual(token);
  expect(await own.find("file.example", "a")).toEqual(password("in", "file"));
  expect(await own.find("other.example", "a")).toBeUndefined();
});

// docker-credential-pass of Debian 12 says so of a server that it does not know.
test("a helper that has nothing may answer with an empty name and secret", async () => {
  installAnswering("pass", 'echo \'{"ServerURL":"quay.io","Username":"","Secret":""}\'');
  writeJson(DOCKER, { credsStore: "pass" });
  expect(await credentials().find("quay.io", "a/b")).toBeUndefined();
  expect(await credentials().erase("quay.io", "")).toEqual([]);
});

test("an empty XDG_RUNTIME_DIR is none", () => {
  const { runtime } = standardPaths({ HOME: home, XDG_RUNTIME_DIR: "" }, 1000);
  expect(runtime).toBe("/run/containers/1000/auth.json");
});

test.each(["missing", "../evil", "a/b", "", "-x"])(
  "a helper called %p is not run",
  async (name) => {
    mkdirSync(join(home, "bin"), { recursive: true });
    writeJson(DOCKER, { credHelpers: { "gcr.io": name } });
    const error = await failureOf(credentials().find("gcr.io", "a"));
    expect(error.code).toBe("unavailable");
    expect(error.reason).toBe("there is no such program in PATH");
  },
);

test("a helper is not taken from the current folder", async () => {
  installHelper("test");
  writeJson(DOCKER, { credHelpers: { "gcr.io": "test" } });
  const before = process.cwd();
  process.chdir(join(home, "bin"));
  try {
    const error = await failureOf(credentials({ PATH: ".::bin" }).find("gcr.io", "a"));
    expect(error.reason).toBe("there is no such program in PATH");
  } finally {
    process.chdir(before);
  }
});

test.each([
  ["echo nonsense", "it answered with something else than a user's name and a secret"],
  ["echo 'the keyring is locked'; exit 1", "the keyring is locked"],
  ["exit 3", "it ended with an error"],
])("a helper that does %p is told about", async (script, reason) => {
  installAnswering("bad", script);
  writeJson(DOCKER, { credHelpers: { "gcr.io": "bad" } });
  const error = await failureOf(credentials().find("gcr.io", "a"));
  expect(error.message).toBe(`get the credential of "gcr.io" by the helper "bad": ${reason}`);
});
