// save, load, import, export and convert.

import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { named } from "../fixtures/image-layout.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { addImage, ImagePlace, imageId } from "./image-place.ts";
import { OCICAT } from "./run-place.ts";

const place = new ImagePlace();
const DEBIAN = "docker.io/library/debian:12";

let debian: Descriptor;
let app: Descriptor;
let ids = { debian: "", app: "" };

beforeEach(() => {
  place.fill((layout) => {
    debian = addImage(layout, { contents: ["one", "two"], config: { Cmd: ["sh"] } });
    app = addImage(layout, { contents: ["three"] });
    ids = { debian: imageId(layout, debian), app: imageId(layout, app) };
    return [named(debian, DEBIAN), named(debian, "docker.io/library/debian:stable"), app];
  });
});

afterEach(() => expect(place.leftovers()).toEqual([]));
afterAll(() => place.remove());

const path = (name: string) => join(place.folder, name);

/** A second store, for what is loaded. */
const other = ["--store", path("other")];

async function tarList(file: string): Promise<string[]> {
  const child = Bun.spawn(["tar", "-tf", file], { cwd: place.folder });
  return (await new Response(child.stdout).text()).trimEnd().split("\n");
}

describe("save and load", () => {
  test("an archive that docker reads, and back", async () => {
    expect(await place.output(["save", "-q", "-o", "a.tar", "debian:12", ids.app])).toBe("");
    expect(await tarList("a.tar")).toEqual(
      expect.arrayContaining(["oci-layout", "index.json", "manifest.json"]),
    );
    const loaded = await place.output(["load", "-q", "-i", "a.tar", ...other]);
    expect(loaded).toBe(`Loaded image: ${DEBIAN}\nLoaded image ID: ${ids.app}\n`);
    const format = ["--format", "{{.Repository}}:{{.Tag}} {{.Digest}}", ...other];
    const listed = (await place.output(["images", ...format])).split("\n");
    expect(listed).toContain(`debian:12 ${debian.digest}`);
    expect(listed).toContain(`<none>:<none> ${app.digest}`);
  });

  test("through pipes; by its ID with all of its names", async () => {
    const script = `"$0" save -q "$1" | gzip | "$0" image load -q --store piped`;
    const child = Bun.spawn(["sh", "-c", script, OCICAT, ids.debian], {
      cwd: place.folder,
      env: place.environment,
    });
    expect(await new Response(child.stdout).text()).toBe(
      `Loaded image: ${DEBIAN}\nLoaded image: docker.io/library/debian:stable\n`,
    );
    expect(await child.exited).toBe(0);
  });

  test("the same images give the same bytes", async () => {
    for (const name of ["first.tar", "second.tar"]) {
      await place.output(["save", "-q", "-o", name, "debian:12", "debian:stable"]);
    }
    expect(readFileSync(path("first.tar")).equals(readFileSync(path("second.tar")))).toBe(true);
  });

  test("a folder that is an OCI image layout", async () => {
    await place.output(["image", "save", "-q", "--format", "oci-dir", "-o", "layout", "debian:12"]);
    const index: { manifests: Descriptor[] } = JSON.parse(place.read("layout/index.json"));
    expect(index.manifests.map(({ digest }) => digest)).toEqual([debian.digest]);
    const again = await place.ocicat(["save", "--format", "oci-dir", "-o", "layout", "debian:12"]);
    expect(again.code).toBe(1);
  });

  test("what cannot be", async () => {
    const missing = await place.ocicat(["save", "-o", "x.tar", "nothing"]);
    expect(missing).toMatchObject({ code: 1, stdout: "" });
    expect(missing.stderr).toContain('find image "nothing": it is not in the store');
    writeFileSync(path("text"), "no archive");
    const wrong = await place.ocicat(["load", "-i", "text"]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toStartWith("ocicat load: ");
    const session = new TerminalSession([OCICAT, "save", "debian:12"], place.environment);
    expect(await session.ended()).toBe(1);
    expect(session.output).toContain("terminal");
  });
});

describe("import", () => {
  const rootfs = archive(
    { name: "etc/", type: "5", mode: 0o755 },
    { name: "etc/issue", data: "hello\n" },
  );

  test("makes an image with what is said about it", async () => {
    writeFileSync(path("rootfs.tar.gz"), gzipSync(rootfs));
    const changes = ["-c", 'CMD ["cat", "/etc/issue"]', "-c", "ENV A=1 B=2", "-c", "WORKDIR /etc"];
    const words = ["import", "-q", ...changes, "-m", "from a test", "rootfs.tar.gz", "base:1"];
    const id = (await place.output(words)).trimEnd();
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    const format =
      "{{.Id}} {{json .Config.Cmd}} {{.Config.Env}} {{.Config.WorkingDir}} {{.Comment}}";
    expect(await place.output(["inspect", "-f", format, "base:1"])).toBe(
      `${id} ["cat","/etc/issue"] [A=1 B=2] /etc from a test\n`,
    );
  });

  test("from standard input, for another platform, without a name", async () => {
    const words = ["image", "import", "-q", "--platform", "linux/arm/v6", "-"];
    const id = (await place.output(words, { input: rootfs })).trimEnd();
    const inspect = ["inspect", "-f", "{{.Architecture}}/{{.Variant}} {{.RepoTags}}", id];
    expect(await place.output(inspect)).toBe("arm/v6 []\n");
    const parts = ["import", "-q", "--arch", "arm", "--variant", "v5", "-"];
    const other = (await place.output(parts, { input: rootfs })).trimEnd();
    expect(await place.output([...inspect.slice(0, 3), other])).toBe("arm/v5 []\n");
  });

  test.each([
    [["https://example.org/x.tar"], "it is an address, not a file"],
    [["nothing.tar"], "no such file"],
    [["-c", "RUN true", "text", "a"], "RUN"],
    [["text", "UPPER"], "must be in lower case"],
  ])("refuses %j", async (words, text) => {
    writeFileSync(path("text"), "no archive");
    const { code, stderr } = await place.ocicat(["import", ...words]);
    expect(code).toBe(1);
    expect(stderr).toContain(text);
  });
});

describe("ctrl-c", () => {
  /** Its exit code, when it is interrupted once it says this. */
  async function interrupted(word: string, words: readonly string[]): Promise<number> {
    const { folder: cwd, environment: env } = place;
    const child = Bun.spawn([OCICAT, ...words], { cwd, env, stderr: "pipe" });
    let said = "";
    for await (const chunk of child.stderr) {
      const before = said.includes(word);
      said += new TextDecoder().decode(chunk);
      if (!before && said.includes(word)) {
        child.kill("SIGINT");
      }
    }
    return await child.exited;
  }

  test("is heard between two pieces of a file, and nothing is left", async () => {
    const script = "truncate -s 150M zeros && tar -cf zeros.tar zeros && rm zeros";
    expect(Bun.spawnSync(["sh", "-c", script], { cwd: place.folder }).exitCode).toBe(0);
    expect(await interrupted("reading", ["import", "zeros.tar", "zeros:1"])).toBe(130);
    expect(await place.output(["images", "-q", "zeros"])).toBe("");
    await place.output(["import", "-q", "zeros.tar", "zeros:1"]);
    expect(await interrupted("saving", ["save", "-o", "saved.tar", "zeros:1"])).toBe(130);
    expect(existsSync(path("saved.tar"))).toBe(false);
    await place.output(["rmi", "zeros:1"]);
    rmSync(path("zeros.tar"));
  });
});

test("export writes the files of all layers", async () => {
  expect(await place.output(["export", "-q", "-o", "rootfs.tar", "debian:12"])).toBe("");
  const files = (await tarList("rootfs.tar")).map((name) => name.replace(/^\.\//, ""));
  expect(files).toEqual(expect.arrayContaining(["file-0", "file-1"]));
  const { code, stdout } = await place.ocicat(["image", "export", "debian:12"]);
  expect(code).toBe(0);
  expect(stdout).toContain("file-1");
});

test("convert keeps the ID and changes the digest", async () => {
  const words = ["convert", "-q", "--compression", "zstd", "debian:12", "debian:zstd"];
  const digest = (await place.output(words)).trimEnd();
  expect(digest).not.toBe(debian.digest);
  const format = ["--format", "{{.Id}} {{.Digest}}", "debian:zstd"];
  expect(await place.output(["inspect", ...format])).toBe(`${ids.debian} ${digest}\n`);
  const manifest = JSON.parse(await place.output(["manifest", "inspect", "debian:zstd"]));
  expect(manifest.layers[0].mediaType).toEndWith("tar+zstd");
  await place.output([
    "image",
    "convert",
    "-q",
    "--format",
    "docker",
    "debian:12",
    "debian:docker",
  ]);
  const docker = JSON.parse(await place.output(["manifest", "inspect", "debian:docker"]));
  expect(docker.mediaType).toContain("vnd.docker.");
  for (const flags of [
    ["--compression", "rar"],
    ["--level", "x"],
    ["--format", "aci"],
  ]) {
    expect((await place.ocicat(["convert", ...flags, "debian:12"])).code).toBe(1);
  }
});
