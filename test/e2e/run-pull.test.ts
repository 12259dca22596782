// `ocicat run` of images that a registry on loopback has: when it asks there, and what it runs.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { FaultyRegistry } from "../../tools/testing/faulty-registry.ts";
import { TestLayout } from "../fixtures/image-layout.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { makeBusyboxRoot } from "./busybox-image.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0 || !existsSync("/bin/busybox");

describe.skipIf(NEEDS_ROOT)("as root: run and a registry", () => {
  let place: RunPlace;
  let base: Buffer;
  let registry: FaultyRegistry;
  beforeAll(() => {
    const folder = new RunPlace();
    const root = makeBusyboxRoot(folder.makeFolder("rootfs"));
    base = Bun.spawnSync(["tar", "-C", root, "--numeric-owner", "-c", "."]).stdout;
    folder.remove();
  });
  beforeEach(async () => {
    place = new RunPlace();
    registry = await FaultyRegistry.start();
    publish("first");
  });
  afterEach(async () => {
    await registry[Symbol.asyncDispose]();
    await place.expectNothingLeft();
    place.remove();
  });
  afterAll(() => expect(place.leftovers()).toEqual([]));

  function publish(content: string, pax: Readonly<Record<string, string>> = {}): void {
    const layout = new TestLayout(join(place.folder, `layout-${content}`));
    const layers = [base, archive({ name: "content", data: `${content}\n`, pax })];
    layout.setIndex([layout.addImage({ layers, config: { Cmd: ["/bin/cat", "/content"] } })]);
    registry.content.addLayout("team/app", layout.folder, "latest");
  }

  const name = () => `${registry.domain}/team/app`;

  test("an image that is missing is pulled, and then there", async () => {
    expect(await place.output([name()])).toBe("first\n");
    const asked = registry.requests.length;
    expect(asked).toBeGreaterThan(3);
    publish("second");
    expect(await place.output([name()])).toBe("first\n");
    expect(await place.output(["--pull", "never", `${name()}:latest`])).toBe("first\n");
    expect(registry.requests).toHaveLength(asked);
  });

  test("progress is shown as progress.style asks for it, and by itself at a terminal alone", async () => {
    const pull = ["--pull", "always", name()];
    expect(await place.run(pull)).toMatchObject({ status: 0, stderr: "" });
    publish("second");
    const lines = await place.run(pull, { env: { OCICAT_PROGRESS_STYLE: "lines" } });
    expect(lines).toMatchObject({ stdout: "second\n", stderr: expect.stringContaining("done") });
    publish("third");
    const json = await place.run(pull, { env: { OCICAT_PROGRESS_STYLE: "json" } });
    const events = json.stderr
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events).toContainEqual(expect.objectContaining({ phase: "done" }));
  });

  test("what cannot be kept of an image is told once, not with each container", async () => {
    publish("labelled", { "SCHILY.xattr.security.selinux": "label" });
    const first = await place.run([name()]);
    expect(first).toMatchObject({ status: 0, stdout: "labelled\n" });
    expect(first.stderr).toMatch(
      /^ocicat: warning: .*security.selinux.* not taken from the image\n$/,
    );
    expect(await place.run([name()])).toEqual({ status: 0, stdout: "labelled\n", stderr: "" });
    const again = await place.run(["--pull", "always", name()]);
    expect(again).toEqual({ status: 0, stdout: "labelled\n", stderr: "" });
  });

  test("an image for another platform alone is not suggested in its own place", async () => {
    const layout = new TestLayout(join(place.folder, "foreign"));
    const platform = { os: "linux", architecture: "riscv64" };
    const image = layout.addImage({ layers: [base], platform });
    layout.setIndex([layout.addIndex([{ ...image, platform }])]);
    registry.content.addLayout("team/app", layout.folder, "foreign");
    const foreign = `${name()}:foreign`;
    const fetched = await place.run(["--platform", "linux/riscv64", foreign, "/bin/true"]);
    expect(fetched.status).toBe(0);
    const { status, stderr } = await place.run([foreign]);
    expect([status, stderr]).toEqual([125, expect.stringContaining("it has linux/riscv64")]);
    expect(stderr).not.toContain("did you mean");
    expect((await place.run([`${name()}:foreing`])).stderr).toContain("did you mean");
    const unlike = name().replace("team/app", "quite/something-else");
    expect((await place.run([`${unlike}:1`])).stderr).toContain(
      `\`ocicat registry tags ${unlike}\` lists those`,
    );
  });

  test("always and newer ask, and take what is new", async () => {
    expect(await place.output(["--pull", "always", name()])).toBe("first\n");
    publish("second");
    expect(await place.output(["--pull", "newer", name()])).toBe("second\n");
    const blobs = registry.lines.filter((line) => line.includes("/blobs/")).length;
    expect(await place.output(["--pull", "always", name()])).toBe("second\n");
    expect(registry.lines.filter((line) => line.includes("/blobs/"))).toHaveLength(blobs);
  });

  test("never: an image that is missing is an error, and nobody is asked", async () => {
    const { status, stderr } = await place.run(["--pull", "never", name()]);
    expect(status).toBe(125);
    expect(stderr).toContain("it is not in the store");
    expect(registry.requests).toEqual([]);
  });

  test("what the registry does not have, and what cannot be a name", async () => {
    const { status, stderr } = await place.run([`${registry.domain}/none`]);
    expect(status).toBe(125);
    expect(stderr).toContain(`${registry.domain}/none`);
    const asked = registry.requests.length;
    const wrong = await place.run(["Wrong/Name"]);
    expect(wrong.status).toBe(125);
    const id = await place.run(["0".repeat(64)]);
    expect(id.stderr).toContain("it is not in the store");
    expect(registry.requests).toHaveLength(asked);
  });

  test("newer is content with the store when the registry is gone, always is not", async () => {
    expect(await place.output([name()])).toBe("first\n");
    const gone = name();
    await registry[Symbol.asyncDispose]();
    const quick = { env: { OCICAT_REGISTRY_ATTEMPTS: "1" } };
    expect(await place.output(["--pull", "newer", gone], quick)).toBe("first\n");
    expect((await place.run(["--pull", "always", gone], quick)).status).toBe(125);
  });
});
