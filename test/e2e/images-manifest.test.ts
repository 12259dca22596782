// manifest: images for several platforms, put together in the store.

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { named } from "../fixtures/image-layout.ts";
import { addImage, ImagePlace } from "./image-place.ts";

const place = new ImagePlace();
const AMD64 = { os: "linux", architecture: "amd64" };
const ARM64 = { os: "linux", architecture: "arm64" };

let amd64: Descriptor;
let arm64: Descriptor;

beforeEach(() => {
  place.fill((layout) => {
    amd64 = addImage(layout, { platform: AMD64, contents: ["one"] });
    arm64 = addImage(layout, { platform: ARM64, contents: ["two"] });
    return [
      named(amd64, "docker.io/library/app:amd64"),
      named(arm64, "docker.io/library/app:arm64"),
    ];
  });
});

afterAll(() => {
  expect(place.leftovers()).toEqual([]);
  place.remove();
});

interface Index {
  readonly manifests: readonly Descriptor[];
}

async function index(): Promise<Index> {
  return JSON.parse(await place.output(["manifest", "inspect", "app:1"]));
}

const create = () => place.output(["manifest", "create", "app:1", "app:amd64", "app:arm64"]);

describe("a manifest list", () => {
  test("lists images with their platforms, and is an image itself", async () => {
    expect(await create()).toBe("Created manifest list docker.io/library/app:1\n");
    expect((await index()).manifests).toEqual([
      { ...amd64, platform: AMD64 },
      { ...arm64, platform: ARM64 },
    ]);
    const inspect = ["inspect", "-f", "{{.Architecture}}", "--platform", "linux/arm64", "app:1"];
    expect(await place.output(inspect)).toBe("arm64\n");
    const again = await place.ocicat(["manifest", "create", "app:1", "app:amd64"]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("there is an image of that name");
  });

  test("may begin empty", async () => {
    await place.output(["manifest", "create", "app:1"]);
    expect((await index()).manifests).toEqual([]);
    await place.output(["manifest", "add", "app:1", "app:arm64"]);
    expect((await index()).manifests).toEqual([{ ...arm64, platform: ARM64 }]);
    expect(await place.output(["inspect", "-f", "{{.Architecture}}", "app:1"])).toBe("arm64\n");
  });

  test("grows and shrinks; what it was before does not stay", async () => {
    await place.output(["manifest", "create", "app:1", "app:amd64"]);
    const digest = (await place.output(["manifest", "add", "app:1", "app:arm64"])).trimEnd();
    expect((await index()).manifests).toHaveLength(2);
    const notes = ["--arch", "arm", "--variant", "v7", "--annotation", "of=a test"];
    await place.output(["manifest", "add", "--all", ...notes, "app:1", "app:arm64"]);
    expect((await index()).manifests[1]).toEqual({
      ...arm64,
      platform: { os: "linux", architecture: "arm", variant: "v7" },
      annotations: { of: "a test" },
    });
    const again = await place.ocicat(["manifest", "exists", "app:1"]);
    const missing = await place.ocicat(["manifest", "exists", "app:amd64"]);
    expect([again.code, missing.code]).toEqual([0, 1]);
    await place.output(["manifest", "add", "app:1", "app:arm64"]);
    expect(await place.output(["inspect", "-f", "{{.Descriptor.digest}}", "app:1"])).toBe(
      `${digest}\n`,
    );
    await place.output(["manifest", "remove", "app:1", amd64.digest]);
    expect((await index()).manifests.map((each) => each.digest)).toEqual([arm64.digest]);
    await place.output(["manifest", "create", "--amend", "app:1", "app:amd64"]);
    expect((await index()).manifests).toHaveLength(2);
    expect(place.names()).not.toContain("<none>");
    const last = await place.ocicat(["manifest", "remove", "app:1", "app:amd64", "app:arm64"]);
    expect(last.stderr).toContain("nothing would be left in it");
  });

  test("says about an image what it is told", async () => {
    await create();
    const flags = ["--arch", "arm", "--variant", "v7", "--os-version", "6", "--os-features", "a,b"];
    const annotate = ["manifest", "annotate", ...flags, "--annotation", "k=v=w", "app:1"];
    await place.output([...annotate, "app:arm64"]);
    expect((await index()).manifests[1]).toEqual({
      ...arm64,
      platform: {
        architecture: "arm",
        os: "linux",
        variant: "v7",
        "os.version": "6",
        "os.features": ["a", "b"],
      },
      annotations: { k: "v=w" },
    });
    const wrong = await place.ocicat([...annotate, "nothing"]);
    expect(wrong.code).toBe(1);
    const notListed = await place.ocicat([...annotate, `sha256:${"0".repeat(64)}`]);
    expect(notListed.stderr).toContain("it is not listed");
  });

  test("goes without its images", async () => {
    await create();
    expect(await place.output(["manifest", "rm", "app:1"])).toBe(
      "Untagged: docker.io/library/app:1\n",
    );
    expect(place.names().sort()).toEqual([
      "docker.io/library/app:amd64",
      "docker.io/library/app:arm64",
    ]);
    const image = await place.ocicat(["manifest", "rm", "app:amd64"]);
    expect(image.code).toBe(1);
    expect(image.stderr).toContain("it is an image for one platform, not a list");
  });

  test("--raw is what the digest is of, --verbose has the descriptor", async () => {
    const raw = await place.output(["manifest", "inspect", "--raw", "app:amd64"]);
    expect(new Bun.CryptoHasher("sha256").update(raw).digest("hex")).toBe(amd64.digest.slice(7));
    const verbose = JSON.parse(await place.output(["manifest", "inspect", "-v", "app:amd64"]));
    expect(verbose.Descriptor).toEqual(amd64);
    expect(verbose.Manifest).toEqual(JSON.parse(raw));
  });
});
