// Lists by pages: tags, repositories, referrers.

import { expect, test } from "bun:test";
import { FaultyRegistry } from "../../../tools/testing/faulty-registry.ts";
import { failureOf, quickClient } from "./client.fixture.ts";

const INDEX = { schemaVersion: 2, manifests: [] };

function withTags(registry: FaultyRegistry, count: number) {
  for (let index = 0; index < count; index += 1) {
    registry.content.addManifest("app", `t${index}`, INDEX);
  }
  return { domain: registry.domain, path: "app" };
}

test("all pages are read, in order", async () => {
  await using registry = await FaultyRegistry.start({ pageSize: 3 });
  const reference = withTags(registry, 8);
  const { client } = quickClient();
  expect(await Array.fromAsync(client.tags(reference))).toEqual(
    Array.from({ length: 8 }, (_, index) => `t${index}`),
  );
  expect(registry.lines).toHaveLength(3);
  registry.content.repository("b");
  registry.content.repository("c");
  registry.content.repository("d/e");
  const repositories = await Array.fromAsync(client.repositories(registry.domain));
  expect(repositories).toEqual(["app", "b", "c", "d/e"]);
});

test("the catalog needs a scope of its own", async () => {
  await using registry = await FaultyRegistry.start({
    auth: { kind: "bearer", username: "a", password: "b" },
  });
  const credential = { kind: "password", username: "a", password: "b" } as const;
  const { client } = quickClient({ credentials: { find: () => Promise.resolve(credential) } });
  expect(await Array.fromAsync(client.repositories(registry.domain))).toEqual([]);
  const token = registry.requests.find(({ line }) => line === "GET /token");
  expect(token?.head.query.get("scope")).toBe("registry:catalog:*");
});

test.each([
  ["null", '{"name":"app","tags":null}', []],
  ["nothing", '{"name":"app"}', []],
])("a list that is %s is empty", async (_, body, expected) => {
  const action = { kind: "status", status: 200, body } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "tags", action }] });
  const tags = quickClient().client.tags({ domain: registry.domain, path: "app" });
  expect(await Array.fromAsync(tags)).toEqual(expected);
});

test.each(["[", '{"tags":1}', '{"tags":[1]}'])("what is no list (%p) is refused", async (body) => {
  const action = { kind: "status", status: 200, body } as const;
  await using registry = await FaultyRegistry.start({ faults: [{ on: "tags", action }] });
  const tags = quickClient().client.tags({ domain: registry.domain, path: "app" });
  const error = await failureOf(Array.fromAsync(tags));
  expect(error.message).toBe(
    `list the tags of "${registry.domain}/app": "${registry.domain}" sent no list`,
  );
});

test("pages that lead back, or to another host, end the list", async () => {
  const link = (target: string) =>
    ({ kind: "headers", headers: { Link: `<${target}>; rel=next` } }) as const;
  await using registry = await FaultyRegistry.start();
  const reference = withTags(registry, 2);
  const { client } = quickClient();
  registry.plan.add({ on: "tags", action: link("/v2/app/tags/list?again=1") });
  const names = await Array.fromAsync(client.tags(reference));
  expect(new Set(names)).toEqual(new Set(["t0", "t1"]));
  expect(registry.lines.length).toBeLessThan(4);
  registry.plan.clear();
  registry.plan.add({ on: "tags", action: link("http://elsewhere.example/v2/app/tags/list") });
  const error = await failureOf(Array.fromAsync(client.tags(reference)));
  expect(error.reason).toContain("says that the list goes on at another host");
});

test("a list of absurd length is given up", async () => {
  await using registry = await FaultyRegistry.start({ pageSize: 5 });
  const reference = withTags(registry, 20);
  const { client } = quickClient({ limits: { listEntries: 12 } });
  const error = await failureOf(Array.fromAsync(client.tags(reference)));
  expect(error.code).toBe("exhausted");
  expect(error.reason).toBe("the list has more than 12 entries");
});

test("failures in between are survived", async () => {
  const action = { kind: "status", status: 502 } as const;
  const faults = [{ on: "tags", skip: 1, times: 2, action }] as const;
  await using registry = await FaultyRegistry.start({ pageSize: 2, faults });
  const tags = quickClient().client.tags(withTags(registry, 5));
  expect(await Array.fromAsync(tags)).toHaveLength(5);
});

test("an unknown repository is not found", async () => {
  await using registry = await FaultyRegistry.start();
  const tags = quickClient().client.tags({ domain: registry.domain, path: "nowhere" });
  expect((await failureOf(Array.fromAsync(tags))).code).toBe("not-found");
});
