// tag, untag, rmi and prune: names of images, and what becomes of images without them.

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { named } from "../fixtures/image-layout.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { addImage, ImagePlace, imageId } from "./image-place.ts";
import { OCICAT } from "./run-place.ts";

const place = new ImagePlace();

let debian: Descriptor;
let app: Descriptor;
let dangling: Descriptor;
let ids = { debian: "", app: "", dangling: "" };

beforeEach(() => {
  place.fill((layout) => {
    debian = addImage(layout, { created: "2024-01-01T00:00:00Z", contents: ["one"] });
    app = addImage(layout, { created: "2026-01-01T00:00:00Z", contents: ["one", "two"] });
    dangling = addImage(layout, { config: { Labels: { keep: "yes" } }, contents: ["three"] });
    ids = {
      debian: imageId(layout, debian),
      app: imageId(layout, app),
      dangling: imageId(layout, dangling),
    };
    return [
      named(debian, "docker.io/library/debian:12"),
      named(app, "quay.io/team/app:1.0"),
      named(app, "quay.io/team/app:latest"),
      dangling,
    ];
  });
});

afterAll(() => place.remove());

describe("tag", () => {
  test("gives names, and takes them from others", async () => {
    expect(await place.output(["tag", "debian:12", "mine", "quay.io/team/app:latest"])).toBe("");
    expect(place.names()).toContain("docker.io/library/mine:latest");
    const latest = await place.output(["inspect", "-f", "{{.Id}}", "quay.io/team/app"]);
    expect(latest).toBe(`${ids.debian}\n`);
    expect(await place.output(["image", "tag", ids.app.slice(7, 17), "by-id:1"])).toBe("");
    expect(place.names()).toContain("docker.io/library/by-id:1");
  });

  test("to another default registry", async () => {
    const env = { OCICAT_IMAGE_DEFAULT_REGISTRY: "quay.io" };
    await place.output(["tag", "team/app:1.0", "other/app"], { env });
    expect(place.names()).toContain("quay.io/other/app:latest");
    const listed = await place.output(["images", "--format", "{{.Repository}}"], { env });
    expect(listed.split("\n")).toContain("team/app");
    expect(listed.split("\n")).toContain("docker.io/library/debian");
  });

  test.each([
    [["debian:12", "UPPER"], "must be in lower case"],
    [["debian:12", `x@sha256:${"0".repeat(64)}`], "a digest follows from the content"],
    [["nothing", "x"], 'find image "nothing": it is not in the store'],
  ])("refuses %j", async (words, text) => {
    const { code, stderr } = await place.ocicat(["tag", ...words]);
    expect(code).toBe(1);
    expect(stderr).toContain(text);
  });
});

describe("untag", () => {
  test("takes one name or all; the image stays", async () => {
    expect(await place.output(["untag", "quay.io/team/app:1.0", "quay.io/team/app:1.0"])).toBe("");
    expect(place.names()).not.toContain("quay.io/team/app:1.0");
    await place.output(["untag", "debian:12"]);
    expect(place.names().filter((name) => name === "<none>")).toHaveLength(2);
    expect((await place.ocicat(["image", "exists", ids.debian])).code).toBe(0);
    const { code, stderr } = await place.ocicat(["untag", ids.app, "debian:13"]);
    expect(code).toBe(1);
    expect(stderr).toContain("has no such name");
  });
});

describe("rmi", () => {
  test("removes a name, and with the last one the image", async () => {
    const blobs = place.blobs().length;
    expect(await place.output(["rmi", "quay.io/team/app:1.0"])).toBe(
      "Untagged: quay.io/team/app:1.0\n",
    );
    expect(place.blobs()).toHaveLength(blobs);
    expect(await place.output(["image", "rm", "quay.io/team/app"])).toBe(
      `Untagged: quay.io/team/app:latest\nDeleted: ${ids.app}\n`,
    );
    // Its manifest, its configuration and the one layer that debian has not.
    expect(place.blobs()).toHaveLength(blobs - 3);
  });

  test("by ID needs --force for several names", async () => {
    const refused = await place.ocicat(["rmi", ids.app]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(
      "it has several names: quay.io/team/app:1.0, quay.io/team/app:latest",
    );
    expect(await place.output(["rmi", "-f", ids.app])).toBe(
      `Untagged: quay.io/team/app:1.0\nUntagged: quay.io/team/app:latest\nDeleted: ${ids.app}\n`,
    );
    expect(await place.output(["rmi", ids.dangling.slice(7, 20)])).toBe(
      `Deleted: ${ids.dangling}\n`,
    );
  });

  test("removes as many as possible, and tells what it could not by its exit code", async () => {
    const { code, stdout, stderr } = await place.ocicat(["rmi", "nothing", "debian:12"]);
    expect(code).toBe(1);
    expect(stdout).toBe(`Untagged: debian:12\nDeleted: ${ids.debian}\n`);
    expect(stderr).toContain('find image "nothing": it is not in the store');
    expect((await place.ocicat(["rmi", "--force", "nothing"])).code).toBe(0);
    expect(await place.ocicat(["rmi", "--ignore", "nothing"])).toMatchObject({
      code: 0,
      stderr: "",
    });
  });

  test("takes no names with --all: no other image goes for the one that is named", async () => {
    const before = place.names();
    const { code, stderr } = await place.ocicat(["rmi", "--all", "debian:12"]);
    expect(code).toBe(1);
    expect(stderr).toContain("use --all: it does not go with names");
    expect(place.names()).toEqual(before);
  });

  test("leaves what a container uses", async () => {
    place.addContainer("web", debian);
    const refused = await place.ocicat(["rmi", "debian:12"]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain('it is used by container "web"');
    expect(await place.output(["rmi", "--force", "debian:12"])).toBe("Untagged: debian:12\n");
    expect((await place.ocicat(["image", "exists", ids.debian])).code).toBe(0);
    expect(await place.output(["images", "-q", "-f", "containers=true"])).toBe(
      `${ids.debian.slice(7, 19)}\n`,
    );
  });

  test("removes an image that is damaged", async () => {
    await Bun.file(`${place.store}/blobs/sha256/${debian.digest.slice(7)}`).delete();
    const { stdout, stderr } = await place.ocicat(["images"]);
    expect(stderr).toContain("the image docker.io/library/debian:12 cannot be read");
    expect(stdout).not.toContain("debian");
    for (const command of ["inspect", "history", "save", "push"]) {
      const { code, stderr: told } = await place.ocicat([command, "debian:12"]);
      expect([command, code]).toEqual([command, 1]);
      expect(told).toContain('read image "debian:12": no such file or directory (ENOENT)\nhint: ');
    }
    expect(await place.output(["rmi", "debian:12"])).toBe("Untagged: debian:12\n");
    expect(place.names()).not.toContain("docker.io/library/debian:12");
  });
});

test("artifacts, which often have the same configuration, are told apart", async () => {
  let [sbom, note] = ["", ""];
  place.fill((layout) => {
    const config = layout.addBlob("{}", "application/vnd.oci.empty.v1+json");
    const add = (content: string) =>
      layout.addManifest(config, [layout.addBlob(content, "text/plain")]);
    const artifacts = [add("sbom"), add("note")];
    [sbom = "", note = ""] = artifacts.map(({ digest }) => digest);
    return artifacts.map((each, index) => named(each, `localhost/artifact:${index}`));
  });
  const format = ["--format", "{{.Id}} {{.ArtifactType}} {{.Os}}"];
  expect(await place.output(["inspect", ...format, "localhost/artifact:1"])).toBe(
    `${note} application/vnd.oci.empty.v1+json \n`,
  );
  expect(await place.output(["rmi", "localhost/artifact:0"])).toBe(
    `Untagged: localhost/artifact:0\nDeleted: ${sbom}\n`,
  );
  expect(place.names()).toEqual(["localhost/artifact:1"]);
});

test("what an image says about itself does not draw on the terminal", async () => {
  const clear = "\x1b[2J";
  place.fill((layout) => {
    const config = { Labels: { text: clear }, Env: [`A=${clear}`] };
    return [named(addImage(layout, { config }), `localhost/x${clear}`)];
  });
  const id = (await place.output(["images", "-q"])).trimEnd();
  expect(await place.output(["inspect", "-f", "{{index .Config.Env 0}}", id])).toBe(`A=${clear}\n`);
  for (const words of [
    ["images"],
    ["images", "--format", "{{.Labels}}"],
    ["inspect", "-f", "{{index .Config.Env 0}}", id],
    ["rmi", id],
  ]) {
    const session = new TerminalSession([OCICAT, ...words], place.environment);
    expect(await session.ended()).toBe(0);
    expect(session.output).toContain("\\x1b[2J");
    expect(session.output).not.toContain(clear);
  }
});

describe("image prune", () => {
  test("removes images without a name", async () => {
    const output = await place.output(["image", "prune", "--force"]);
    expect(output).toMatch(/^Deleted: sha256:[0-9a-f]{64}\nTotal reclaimed space: \d\S*B\n$/);
    expect(output).toContain(ids.dangling);
    expect(place.names()).toHaveLength(3);
    expect(await place.output(["image", "prune", "-f"])).toBe("Total reclaimed space: 0B\n");
  });

  test("--all spares what containers use", async () => {
    place.addContainer("web", app);
    const output = await place.output(["image", "prune", "--all", "-f"]);
    expect(output).toContain("Untagged: debian:12\n");
    expect(output).not.toContain(ids.app);
    expect(place.names().sort()).toEqual(["quay.io/team/app:1.0", "quay.io/team/app:latest"]);
  });

  test.each<[string[], string[]]>([
    [["until=2025-01-01"], ["quay.io/team/app:1.0", "quay.io/team/app:latest"]],
    [["label=keep"], ["docker.io/library/debian:12"]],
    [["label!=keep", "until=1h"], ["<none>"]],
  ])("--all --filter %j", async (filters, kept) => {
    const words = filters.flatMap((filter) => ["--filter", filter]);
    await place.output(["image", "prune", "-a", "-f", ...words]);
    expect(place.names()).toEqual(expect.arrayContaining(kept));
  });

  test("asks at a terminal, and where nobody is does nothing", async () => {
    const { code, stderr } = await place.ocicat(["image", "prune"]);
    expect(code).toBe(1);
    expect(stderr).toContain("hint: say it with --force");
    const prune = () => new TerminalSession([OCICAT, "image", "prune"], place.environment);
    const refused = prune();
    await refused.shows("Continue? [y/N]");
    refused.type("n\r");
    expect(await refused.ended()).toBe(1);
    expect(place.names()).toHaveLength(4);
    const agreed = prune();
    await agreed.shows("Continue? [y/N]");
    agreed.type("y\r");
    expect(await agreed.ended()).toBe(0);
    expect(agreed.output).toContain(`Deleted: ${ids.dangling}`);
  });
});
