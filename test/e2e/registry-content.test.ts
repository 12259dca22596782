// search and registry: what a registry on loopback has, and its removal there.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { FaultyRegistry } from "../../tools/testing/faulty-registry.ts";
import { TestLayout } from "../fixtures/image-layout.ts";
import { addImage, ImagePlace } from "./image-place.ts";

const place = new ImagePlace();
let registry: FaultyRegistry;
let image: Descriptor;

beforeAll(async () => {
  registry = await FaultyRegistry.start({ pageSize: 2 });
  const layout = new TestLayout(join(place.folder, "layout"));
  image = addImage(layout, { contents: ["a"] });
  layout.setIndex([image]);
  for (const tag of ["1.0", "1.1", "2.0", "latest"]) {
    registry.content.addLayout("team/app", layout.folder, tag);
  }
  registry.content.addLayout("team/base", layout.folder, "1");
  registry.content.addLayout("other", layout.folder, "1");
});

afterEach(() => expect(place.leftovers()).toEqual([]));

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  place.remove();
});

test("registry tags lists all pages, as a table, as names, as JSON, or the first ones", async () => {
  const app = `${registry.domain}/team/app`;
  const table = await place.output(["registry", "tags", app]);
  expect(table.split("\n").map((line) => line.split(/ +/))).toEqual([
    ["NAME", "TAG"],
    ...["1.0", "1.1", "2.0", "latest"].map((tag) => [app, tag]),
    [""],
  ]);
  expect(await place.output(["search", "--list-tags", "-q", app])).toBe("1.0\n1.1\n2.0\nlatest\n");
  expect(await place.output(["registry", "tags", "--limit", "1", "--format", "json", app])).toBe(
    `${JSON.stringify({ Name: app, Tag: "1.0" })}\n`,
  );
});

test("registry ls lists repositories, search those whose names contain a term", async () => {
  const { domain } = registry;
  expect(await place.output(["registry", "ls", "-q", domain])).toBe(
    `${domain}/other\n${domain}/team/app\n${domain}/team/base\n`,
  );
  expect(await place.output(["search", "--noheading", `${domain}/team/b`])).toBe(
    `${domain}/team/base\n`,
  );
});

test("registry rm removes a tag alone where the registry does that, else says how all go", async () => {
  await using other = await FaultyRegistry.start({ deletesTags: true });
  const folder = join(place.folder, "layout");
  other.content.addLayout("app", folder, "1");
  other.content.addLayout("app", folder, "2");
  const app = `${other.domain}/app`;
  expect(await place.output(["registry", "rm", `${app}:1`])).toBe(`${app}:1\n`);
  expect(await place.output(["registry", "tags", "-q", app])).toBe("2\n");

  const base = `${registry.domain}/team/base`;
  const refused = await place.ocicat(["registry", "rm", `${base}:1`]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`ocicat registry rm ${base}@${image.digest}`);
  await place.output(["registry", "rm", `${base}@${image.digest}`]);
  expect(await place.output(["registry", "tags", "-q", base])).toBe("");
});

test.each<[readonly string[], string]>([
  [["registry", "tags", "localhost:1/app:1"], "it names one image, not a repository"],
  [["registry", "ls", "docker.io"], "https://hub.docker.com/search"],
  [["registry", "ls", "nothing"], "it is not the name of a registry"],
  [["registry", "rm", "localhost:1/app"], "a tag or a digest has to be there"],
  [["search", "nginx"], "it does not say in which registry"],
  [["registry", "tags", "--limit", "0", "localhost:1/app"], "--limit"],
])("%p is refused", async (words, reason) => {
  const { code, stdout, stderr } = await place.ocicat([...words]);
  expect({ code: code > 0, stdout }).toEqual({ code: true, stdout: "" });
  expect(stderr).toContain(reason);
});
