// Passwords and tokens: who is asked for them, who gets them, how long they last.

import { expect, test } from "bun:test";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import { addSampleImage, collect, failureOf, quickClient } from "./client.fixture.ts";
import type { Credential, CredentialSource } from "./credential.ts";

const PASSWORD: Credential = { kind: "password", username: "bob", password: "p:ä" };

function always(credential: Credential): CredentialSource {
  return { find: () => Promise.resolve(credential) };
}

function tokenRequests(registry: FaultyRegistry) {
  return registry.requests.filter(({ line }) => line.endsWith(" /token")).map(({ head }) => head);
}

test("a password is sent once the registry asks for it, and from then on with each request", async () => {
  const auth = { kind: "basic", username: "bob", password: "p:ä" } as const;
  await using registry = await FaultyRegistry.start({ auth });
  const { reference, manifest } = addSampleImage(registry);
  const { client } = quickClient({ credentials: always(PASSWORD) });
  expect(await client.resolve(reference)).toEqual(manifest);
  await client.manifest(reference);
  const sent = registry.requests.map(({ head }) => head.headers.has("authorization"));
  expect(sent).toEqual([false, true, true]);
});

test("without a password, or with a wrong one, the error says what to do", async () => {
  const auth = { kind: "basic", username: "bob", password: "right" } as const;
  await using registry = await FaultyRegistry.start({ auth });
  const { reference } = addSampleImage(registry);
  const nobody = await failureOf(quickClient().client.manifest(reference));
  expect(nobody.code).toBe("permission-denied");
  expect(nobody.reason).toBe(
    `"${registry.domain}" does not know who asks (401): unauthorized (UNAUTHORIZED)`,
  );
  expect(nobody.hint).toBe(
    `if the repository exists, it may need a login: ocicat login ${registry.domain}`,
  );
  const wrong = quickClient({ credentials: always(PASSWORD) });
  const error = await failureOf(wrong.client.resolve(reference));
  expect(error.hint).toStartWith(`the login for "${registry.domain}" may be wrong`);
  expect(wrong.events).toEqual([]);
});

test("an anonymous token is fetched once for each repository and purpose", async () => {
  await using registry = await FaultyRegistry.start({ auth: { kind: "bearer", lifeS: 300 } });
  const { reference, manifest, layer } = addSampleImage(registry);
  const other = addSampleImage(registry, "team/other");
  const { client } = quickClient();
  expect(await client.resolve(reference)).toEqual(manifest);
  await Promise.all([
    collect(client.blob(reference, layer, 0)),
    collect(client.blob(reference, layer, 0)),
    client.manifest(reference),
  ]);
  await client.resolve(other.reference);
  expect(tokenRequests(registry).map(({ query }) => query.getAll("scope"))).toEqual([
    ["repository:app:pull"],
    ["repository:team/other:pull"],
  ]);
  expect(tokenRequests(registry)[0]?.query.get("service")).toBe("test");
});

test("requests that need the same token at once wait for one", async () => {
  await using registry = await FaultyRegistry.start({ auth: { kind: "bearer" } });
  const { reference } = addSampleImage(registry);
  const { client } = quickClient();
  await Promise.all(Array.from({ length: 10 }, () => client.resolve(reference)));
  expect(tokenRequests(registry)).toHaveLength(1);
});

test("a password gets a token for the user; an identity token is exchanged by POST", async () => {
  const auth = {
    kind: "bearer",
    username: "bob",
    password: "p:ä",
    identityToken: "id&en",
  } as const;
  await using registry = await FaultyRegistry.start({ auth });
  const { reference, manifest } = addSampleImage(registry);
  const withPassword = quickClient({ credentials: always(PASSWORD) });
  expect(await withPassword.client.resolve(reference)).toEqual(manifest);
  expect(tokenRequests(registry)[0]?.query.get("account")).toBe("bob");

  const token: Credential = { kind: "identity-token", token: "id&en" };
  const withToken = quickClient({ credentials: always(token) });
  expect(await withToken.client.resolve(reference)).toEqual(manifest);
  expect(tokenRequests(registry).map(({ method }) => method)).toEqual(["GET", "POST"]);

  const wrong: Credential = { kind: "password", username: "bob", password: "secret-7" };
  const error = await failureOf(
    quickClient({ credentials: always(wrong) }).client.resolve(reference),
  );
  expect(error.code).toBe("permission-denied");
  expect(error.hint).toContain("ocicat login");
  expect(JSON.stringify([error.message, error.hint, error])).not.toContain("secret-7");
});

test("a registry token is sent as it is", async () => {
  await using registry = await FaultyRegistry.start({ auth: { kind: "bearer" } });
  const { reference } = addSampleImage(registry);
  const credential: Credential = { kind: "registry-token", token: "abc" };
  await failureOf(quickClient({ credentials: always(credential) }).client.resolve(reference));
  expect(registry.requests.at(-1)?.head.headers.get("authorization")).toBe("Bearer abc");
  expect(tokenRequests(registry)).toEqual([]);
});

test("a token that is no token is not sent, and not told", async () => {
  await using registry = await FaultyRegistry.start({ auth: { kind: "bearer" } });
  const { reference } = addSampleImage(registry);
  const credential: Credential = { kind: "registry-token", token: "sec\r\nret: 1" };
  const { client } = quickClient({ credentials: always(credential) });
  const error = await failureOf(client.resolve(reference));
  expect(error.code).toBe("invalid-config");
  expect(Bun.inspect(error)).not.toContain("ret: 1");
});

test("nobody looks for a password that is not asked for", async () => {
  await using registry = await FaultyRegistry.start();
  const { reference, manifest } = addSampleImage(registry);
  const credentials = { find: () => Promise.reject(new Error("looked")) };
  expect(await quickClient({ credentials }).client.resolve(reference)).toEqual(manifest);
});

test("tokens that expire, or are refused, are fetched anew", async () => {
  await using registry = await FaultyRegistry.start({
    auth: { kind: "bearer", lifeS: 0.001, uses: 1 },
  });
  const { reference, layer } = addSampleImage(registry);
  const { client, events } = quickClient();
  await client.resolve(reference);
  await client.manifest(reference);
  registry.gatekeeper.forgetTokens();
  await collect(client.blob(reference, layer, 0));
  expect(tokenRequests(registry).length).toBeGreaterThanOrEqual(3);
  expect(events).toEqual([]);

  await using forgetful = await FaultyRegistry.start({ auth: { kind: "bearer", uses: 0 } });
  const image = addSampleImage(forgetful);
  const error = await failureOf(quickClient().client.resolve(image.reference));
  expect(error.code).toBe("permission-denied");
  expect(tokenRequests(forgetful).length).toBeLessThan(5);
});

test("a scope that the registry names is asked for only when ours does not do", async () => {
  const example = { kind: "bearer", challengeScope: "repository:example/app:pull" } as const;
  await using registry = await FaultyRegistry.start({ auth: example });
  const { reference, manifest } = addSampleImage(registry);
  expect(await quickClient().client.resolve(reference)).toEqual(manifest);
  expect(tokenRequests(registry)[0]?.query.getAll("scope")).toEqual(["repository:app:pull"]);

  const strict = { kind: "bearer", neededScope: "repository:real/app:pull" } as const;
  await using renamed = await FaultyRegistry.start({ auth: strict });
  const image = addSampleImage(renamed);
  const { client } = quickClient();
  expect(await client.resolve(image.reference)).toEqual(image.manifest);
  await client.resolve(image.reference);
  expect(tokenRequests(renamed).map(({ query }) => query.getAll("scope"))).toEqual([
    ["repository:app:pull"],
    ["repository:app:pull", "repository:real/app:pull"],
  ]);
});

test.each([
  ["http://[", "names is no address of the web"],
  ["ftp://x/token", "names is no address of the web"],
  ["http://user:password@x/token", "names is no address of the web"],
])("a token service at %p is not asked", async (realm, reason) => {
  await using registry = await FaultyRegistry.start({ auth: { kind: "bearer", realm } });
  const { reference } = addSampleImage(registry);
  const { client } = quickClient({ credentials: always(PASSWORD) });
  expect((await failureOf(client.resolve(reference))).reason).toContain(reason);
});

test.each([
  ["nothing", { kind: "status", status: 200, body: "{}" }],
  ["no JSON", { kind: "status", status: 200, body: "token" }],
  [
    "a token that breaks a header",
    { kind: "status", status: 200, body: '{"token":"a\\r\\nX: y"}' },
  ],
] as const)("a token service that answers with %s is refused", async (_, action) => {
  const faults = [{ on: "token", action }] as const;
  await using registry = await FaultyRegistry.start({ auth: { kind: "bearer" }, faults });
  const { reference } = addSampleImage(registry);
  const error = await failureOf(quickClient().client.resolve(reference));
  expect(error.reason).toContain("answered without a token");
});

test("a token service with a weak moment is asked again, an endless one is not", async () => {
  const busy = { on: "token", times: 2, action: { kind: "status", status: 503 } } as const;
  await using registry = await FaultyRegistry.start({ auth: { kind: "bearer" }, faults: [busy] });
  const { reference, manifest } = addSampleImage(registry);
  expect(await quickClient().client.resolve(reference)).toEqual(manifest);
  registry.plan.add({ on: "token", action: { kind: "endless" } });
  expect((await failureOf(quickClient().client.resolve(reference))).code).toBe("exhausted");
});

test("a request that is refused with 401 without a challenge is not repeated", async () => {
  const faults = [{ on: "manifest", action: { kind: "status", status: 401 } }] as const;
  await using registry = await FaultyRegistry.start({ faults });
  const { reference } = addSampleImage(registry);
  const { client } = quickClient({ credentials: always(PASSWORD) });
  expect((await failureOf(client.resolve(reference))).code).toBe("permission-denied");
  expect(registry.lines).toHaveLength(1);
});
