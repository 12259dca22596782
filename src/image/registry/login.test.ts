// Logging in and out: only what a registry accepts is kept.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import { addSampleImage, failureOf, QUICK_LIMITS, quickClient } from "./client.fixture.ts";
import type { Credential } from "./credential.ts";
import { login, logout } from "./login.ts";
import { UserCredentials } from "./user-credentials.ts";

let home = "";

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oct-login-"));
});

afterEach(() => {
  rmSync(home, { recursive: true });
});

const OPTIONS = { hostsFolders: [], limits: QUICK_LIMITS };

function credentials(): UserCredentials {
  const authFile = join(home, "auth.json");
  return new UserCredentials({ environment: {}, userId: 1000, authFile });
}

function password(secret: string): Credential {
  return { kind: "password", username: "bob", password: secret };
}

test.each(["basic", "bearer"] as const)(
  "a login that the registry accepts is kept (%s)",
  async (kind) => {
    const auth = { kind, username: "bob", password: "right" };
    await using registry = await FaultyRegistry.start({ auth });
    const { reference, manifest } = addSampleImage(registry);
    const { domain } = registry;
    const request = { domain, path: "", credential: password("right") };
    const place = await login(request, credentials(), OPTIONS);
    expect(place).toEqual({ kind: "file", path: join(home, "auth.json") });
    const { client } = quickClient({ credentials: credentials() });
    expect(await client.resolve(reference)).toEqual(manifest);

    expect(await logout(domain, "", credentials())).toHaveLength(1);
    const error = await failureOf(logout(domain, "", credentials()));
    expect(error.message).toBe(`log out of "${domain}": nobody is logged in there`);
    expect(readFileSync(join(home, "auth.json"), "utf8")).not.toContain(domain);
  },
);

test.each(["basic", "bearer"] as const)(
  "a login that the registry refuses is not (%s)",
  async (kind) => {
    const auth = { kind, username: "bob", password: "right" };
    await using registry = await FaultyRegistry.start({ auth });
    const request = { domain: registry.domain, path: "", credential: password("secret-9") };
    const error = await failureOf(login(request, credentials(), OPTIONS));
    expect(error.code).toBe("permission-denied");
    expect(error.message).toStartWith(`log in to "${registry.domain}": `);
    expect(`${error.message} ${error.hint} ${Bun.inspect(error)}`).not.toContain("secret-9");
    expect(existsSync(join(home, "auth.json"))).toBe(false);
  },
);

test.each(["", "a:b", "a\0"])("%p is not the name of a user", async (username) => {
  const credential: Credential = { kind: "password", username, password: "x" };
  const request = { domain: "localhost:1", path: "", credential };
  expect((await failureOf(login(request, credentials(), OPTIONS))).code).toBe("invalid-argument");
});

test("a registry that is down keeps nothing either", async () => {
  const registry = await FaultyRegistry.start();
  const { domain } = registry;
  await registry[Symbol.asyncDispose]();
  const request = { domain, path: "", credential: password("x") };
  expect((await failureOf(login(request, credentials(), OPTIONS))).code).toBe("unavailable");
  expect(existsSync(join(home, "auth.json"))).toBe(false);
});
