// pull, push, login, logout and manifest push, with a registry on loopback.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ImageEvent,
  inspectImage,
  listImages,
  OcicatError,
  pullImages,
  removeImages,
} from "../../src/api/engine.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { OCI_EMPTY, OCI_INDEX, OCI_MANIFEST } from "../../src/oci/media-types.ts";
import { FaultyRegistry } from "../../tools/testing/faulty-registry.ts";
import { TestLayout } from "../fixtures/image-layout.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { addImage, ImagePlace, imageId } from "./image-place.ts";
import { OCICAT } from "./run-place.ts";

const place = new ImagePlace();
const HOST = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
const FOREIGN = { os: "linux", architecture: "riscv64" };

interface Pushed {
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

let registry: FaultyRegistry;
let image: Descriptor;
let index: Descriptor;
let id = "";

/** Does not compress, so that bars have something to show. */
function noise(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}

beforeAll(async () => {
  registry = await FaultyRegistry.start();
  const layout = new TestLayout(join(place.folder, "layout"));
  image = addImage(layout, { contents: [noise(30_000), noise(20_000)] });
  id = imageId(layout, image);
  const foreign = addImage(layout, { platform: FOREIGN, contents: [noise(100)] });
  index = layout.addIndex([
    { ...image, platform: HOST },
    { ...foreign, platform: FOREIGN },
  ]);
  for (const [tag, top] of [
    ["1.0", image],
    ["2.0", image],
    ["multi", index],
  ] as const) {
    layout.setIndex([top]);
    registry.content.addLayout("team/app", layout.folder, tag);
  }
  place.fill(() => []);
});

afterEach(() => {
  registry.plan.clear();
  expect(place.leftovers()).toEqual([]);
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  place.remove();
});

const app = (suffix: string) => `${registry.domain}/team/app${suffix}`;

describe("copy", () => {
  test("goes from registry to registry with all platforms, and what refers to it", async () => {
    await using other = await FaultyRegistry.start();
    const empty = registry.content.addBlob("team/app", new TextEncoder().encode("{}"), OCI_EMPTY);
    const signature = registry.content.addManifest("team/app", undefined, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: "application/vnd.example.signature",
      config: empty,
      layers: [empty],
      subject: index,
    });
    const target = `${other.domain}/copied:1`;
    const before = await place.output(["images", "-q", "--no-trunc"]);
    const silent = ["--progress", "none", "--referrers"];
    expect(await place.output(["copy", ...silent, app(":multi"), target])).toBe(
      `${target}: digest: ${index.digest} size: ${index.size}\n`,
    );
    expect(await place.output(["images", "-q", "--no-trunc"])).toBe(before);
    const listed = await place.output(["manifest", "inspect", "--referrers", target]);
    expect(JSON.parse(listed).manifests).toMatchObject([{ digest: signature.digest }]);
    const pulled = await place.output(["pull", "--all-platforms", ...silent, target]);
    expect(pulled).toContain(`\nReferrer: ${signature.digest}\n`);
    await other[Symbol.asyncDispose]();
    // From the store now.
    expect(await place.output(["manifest", "inspect", "--referrers", target])).toBe(listed);
    await place.output(["rmi", target]);
  });
});

describe("pull", () => {
  test("the limit of documents holds for manifests and configurations", async () => {
    const layout = new TestLayout(join(place.folder, "wordy"));
    const config = { Labels: { words: "x".repeat(5000) } };
    layout.setIndex([addImage(layout, { config })]);
    registry.content.addLayout("team/wordy", layout.folder, "1");
    const name = `${registry.domain}/team/wordy:1`;
    const pulled = (limit: string) =>
      place.ocicat(["pull", "-q", name], { env: { OCICAT_LIMITS_MANIFEST_BYTES: limit } });
    expect((await pulled("100")).stderr).toContain("sends more than 100 bytes\n");
    expect((await pulled("2000")).stderr).toContain("bytes, a document may have 2000\n");
    expect((await pulled("8MiB")).stderr).toContain('"8MiB" is more than "4MiB"');
    expect(await pulled("8000")).toMatchObject({ code: 0, stderr: "" });
    await place.output(["rmi", name]);
  });

  test("has docker's last lines, and one line an event where no terminal is", async () => {
    const { code, stdout, stderr } = await place.ocicat(["pull", app(":1.0")]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `Digest: ${image.digest}
Status: Downloaded newer image for ${app(":1.0")}
${app(":1.0")}
`,
    });
    const lines = stderr.trimEnd().split("\n");
    expect(lines[0]).toBe(`${app(":1.0")}: ${image.digest}`);
    expect(lines.filter((line) => / done /.test(line))).toHaveLength(2);
    expect(lines.every((line) => !line.includes("\x1b"))).toBe(true);
    expect(place.names()).toEqual([app(":1.0")]);
    expect(await place.output(["inspect", "-f", "{{.Id}}", app(":1.0")])).toBe(`${id}\n`);
  });

  test("says when there was nothing to do; --quiet shows the name alone", async () => {
    const again = await place.ocicat(["image", "pull", "--progress", "none", app(":1.0")]);
    expect(again.stdout).toContain(`Status: Image is up to date for ${app(":1.0")}\n`);
    expect(again.stderr).toBe("");
    expect(await place.output(["pull", "-q", app(":2.0")])).toBe(`${app(":2.0")}\n`);
  });

  test("by digest, every tag, for another platform, for all", async () => {
    const byDigest = app(`@${image.digest}`);
    expect(await place.output(["pull", "-q", byDigest])).toBe(`${byDigest}\n`);
    expect(await place.output(["pull", "-q", "--all-tags", app("")])).toBe(
      `${app(":1.0")}\n${app(":2.0")}\n${app(":multi")}\n`,
    );
    await place.output(["pull", "-q", "--platform", "linux/riscv64", app(":multi")]);
    const format = ["--format", "{{.Architecture}}"];
    const inspect = ["inspect", ...format, "--platform", "linux/riscv64", app(":multi")];
    expect(await place.output(inspect)).toBe("riscv64\n");
    await place.output(["pull", "-q", "--all-platforms", app(":multi")]);
    expect(await place.output(["inspect", ...format, app(":multi")])).toBe(
      `${HOST.architecture}\n`,
    );
  });

  test("of a short name asks the default registry", async () => {
    const env = { OCICAT_IMAGE_DEFAULT_REGISTRY: registry.domain };
    expect(await place.output(["pull", "-q", "team/app:1.0"], { env })).toBe(`${app(":1.0")}\n`);
    const listed = await place.output(["images", "--format", "{{.Repository}}:{{.Tag}}"], { env });
    expect(listed).toContain("team/app:1.0\n");
  });

  test("--progress json tells events as they are", async () => {
    await place.ocicat(["rmi", "-f", ...(await allIds())]);
    const { stderr } = await place.ocicat(["pull", "--progress", "json", app(":1.0")]);
    const events = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events[0]).toEqual({ kind: "resolved", name: app(":1.0"), digest: image.digest });
    const done = events.filter(({ phase }) => phase === "done");
    expect(done).toHaveLength(2);
    expect(done[0]).toMatchObject({ kind: "layer", digest: expect.stringMatching(/^sha256:/) });
  });

  test.each<[string, number, string]>([
    [":nothing", 1, "not"],
    [":UPPER:x", 1, "is not a tag"],
    ["/x@sha256:12", 1, "64 hexadecimal digits"],
  ])("%s ends with %d", async (suffix, code, text) => {
    const result = await place.ocicat(["pull", "-q", app(suffix)]);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr).toStartWith("ocicat pull: ");
    expect(result.stderr).toContain(text);
  });

  test("tries again what fails, and says so", async () => {
    await place.ocicat(["rmi", "-f", ...(await allIds())]);
    registry.plan.add({ on: "blob", times: 1, action: { kind: "status", status: 503 } });
    const { code, stderr } = await place.ocicat(["pull", app(":1.0")]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/503.*, again in \d/);
  });
});

async function allIds(): Promise<string[]> {
  const ids = await place.output(["images", "-q", "--no-trunc"]);
  return ["nothing", ...ids.split("\n").filter(Boolean)];
}

describe("at a terminal", () => {
  /** NO_COLOR: empty is as good as not there. */
  const open = (words: readonly string[], environment = { NO_COLOR: "" }) =>
    new TerminalSession([OCICAT, ...words], { ...place.environment, ...environment });

  test("each layer has a bar, which follows the terminal's size", async () => {
    await place.ocicat(["rmi", "-f", ...(await allIds())]);
    registry.plan.add({
      on: "blob",
      where: /./,
      action: { kind: "trickle", bytes: 2000, everyMs: 50 },
    });
    const session = open(["pull", app(":1.0")]);
    await session.shows("downloading");
    await session.shows("=>");
    await session.shows("/s");
    session.resize(40, 10);
    expect(await session.ended()).toBe(0);
    const text = session.output;
    expect(text).toContain("2 of 2 layers");
    expect(text).toContain("\x1b[32m");
    expect(text).toEndWith(`${app(":1.0")}\r\n`);
    // The cursor is hidden within a drawing alone.
    expect(text.split("\x1b[?25l").length).toBe(text.split("\x1b[?25h").length);
    expect(text.lastIndexOf("\x1b[?25h")).toBeGreaterThan(text.lastIndexOf("\x1b[?25l"));
  });

  test("ctrl-c ends a pull in order, and the next one goes on", async () => {
    await place.ocicat(["rmi", "-f", ...(await allIds())]);
    registry.plan.add({ on: "blob", times: 2, action: { kind: "stall", afterBytes: 5000 } });
    const session = open(["pull", app(":1.0")]);
    await session.shows("downloading");
    await session.shows("5kB/");
    session.type("\x03");
    expect(await session.ended()).toBe(130);
    expect(session.output).toMatch(/ocicat pull: .*(interrupted|cancelled)/);
    expect(session.output.lastIndexOf("\x1b[?25h")).toBeGreaterThan(
      session.output.lastIndexOf("\x1b[?25l"),
    );
    // What came is kept, and no lock is.
    expect(place.leftovers().filter((name) => !name.endsWith(".partial"))).toEqual([]);
    registry.plan.clear();
    expect(await place.output(["pull", "-q", app(":1.0")])).toBe(`${app(":1.0")}\n`);
  });

  test("nohup is obeyed: a hang-up ends nothing", async () => {
    await place.ocicat(["rmi", "-f", ...(await allIds())]);
    registry.plan.add({ on: "blob", times: 2, action: { kind: "stall", afterBytes: 5000 } });
    const script = `trap '' HUP; "$@" & pull=$!
      until grep -q downloading log 2>/dev/null; do sleep 0.02; done
      kill -HUP $pull; kill -TERM $pull; wait $pull`;
    const words = ["sh", "-c", `${script}`, "sh", OCICAT, "pull", app(":1.0")];
    const child = Bun.spawn(words, {
      cwd: place.folder,
      env: place.environment,
      stderr: Bun.file(join(place.folder, "log")),
    });
    expect(await child.exited).toBe(143);
    registry.plan.clear();
    await place.output(["pull", "-q", app(":1.0")]);
    expect(place.read("log")).toMatch(/ocicat pull: .*(interrupted|cancelled)/);
  });

  test("NO_COLOR leaves colours out", async () => {
    await place.ocicat(["rmi", "-f", ...(await allIds())]);
    const session = open(["pull", app(":1.0")], { NO_COLOR: "1" });
    expect(await session.ended()).toBe(0);
    expect(session.output).not.toContain("\x1b[32m");
    expect(session.output).toContain("done");
  });
});

describe.skipIf(Bun.which("openssl") === null)("TLS by nobody's authority (needs openssl)", () => {
  let secret: FaultyRegistry;

  beforeAll(async () => {
    const files = ["-keyout", "key.pem", "-out", "cert.pem"];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-x509"];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const made = Bun.spawnSync(["openssl", "req", ...kind, ...subject, ...files], {
      cwd: place.folder,
    });
    expect(made.exitCode).toBe(0);
    const tls = { certificate: place.read("cert.pem"), key: place.read("key.pem") };
    secret = await FaultyRegistry.start({ tls });
    secret.content.addLayout("team/app", join(place.folder, "layout"), "1.0");
  });

  afterAll(() => secret[Symbol.asyncDispose]());

  test("is refused, unless it is not to be checked", async () => {
    const name = `${secret.domain}/team/app:1.0`;
    const refused = await place.ocicat(["pull", "-q", name]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/certificate/i);
    expect(await place.output(["pull", "-q", "--tls-verify=false", name])).toBe(`${name}\n`);
    const env = { OCICAT_IMAGE_INSECURE_REGISTRIES: secret.domain };
    expect(await place.output(["pull", "-q", name], { env })).toBe(`${name}\n`);
  });
});

describe("push", () => {
  test("puts an image elsewhere, byte for byte", async () => {
    await place.output(["pull", "-q", app(":1.0")]);
    const target = `${registry.domain}/copies/app:1`;
    const { code, stdout } = await place.ocicat(["push", app(":1.0"), target]);
    expect(code).toBe(0);
    expect(stdout).toBe(`${target}: digest: ${image.digest} size: ${image.size}\n`);
    const file = join(place.folder, "digest");
    await place.output(["push", "-q", "--digestfile", file, "--remove-signatures", id, target]);
    expect(readFileSync(file, "utf8")).toBe(image.digest);
    expect(registry.content.repository("copies/app").tags.get("1")).toBe(image.digest);
  });

  /** What a push that is asked for another form has left under a name: types, and the ID. */
  async function formOf(name: string, ...flags: string[]) {
    const target = `${registry.domain}/forms/${name}:1`;
    await place.output(["push", "-q", ...flags, app(":1.0"), target]);
    const raw = await place.output(["manifest", "inspect", "--remote", "--raw", target]);
    const { mediaType, config, layers }: Pushed = JSON.parse(raw);
    return [mediaType, config.digest === id, ...layers.map((layer) => layer.mediaType)];
  }

  test("in another form, as the same image", async () => {
    const oci = OCI_MANIFEST;
    const layer = "application/vnd.oci.image.layer.v1.tar";
    const zstd = [oci, true, `${layer}+zstd`, `${layer}+zstd`];
    expect(await formOf("zstd", "--compression-format", "zstd")).toEqual(zstd);
    expect(await formOf("none", "--compression-format", "none")).toEqual([oci, true, layer, layer]);
    const docker = "application/vnd.docker.distribution.manifest.v2+json";
    const dockers = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    const asDocker = await formOf("docker", "-f", "v2s2", "--compression-level", "9");
    expect(asDocker).toEqual([docker, true, dockers, dockers]);
    const back = `${registry.domain}/forms/zstd:1`;
    await place.output(["pull", "-q", back]);
    expect(await place.output(["inspect", "-f", "{{.Id}}", back])).toBe(`${id}\n`);
    await place.output(["rmi", back]);
    const refused = [
      ["--compression-format zstd --format docker", "Docker's media types have none for it"],
      ["--compression-format zstd --compression-level 40", "levels of zstd go from 1 to 19"],
      ["--compression-format bzip2", "it is one of gzip, zstd, none"],
      ["--force-compression", "it needs --compression-format"],
    ] as const;
    for (const [words, reason] of refused) {
      const { stderr } = await place.ocicat(["push", ...words.split(" "), app(":1.0"), back]);
      expect([words, stderr]).toEqual([words, expect.stringContaining(reason)]);
    }
  });

  test("uploads in chunks where one request may not have more", async () => {
    await using other = await FaultyRegistry.start();
    const env = { OCICAT_REGISTRY_UPLOAD_BYTES: "1KiB" };
    const target = `${other.domain}/app:1`;
    expect((await place.ocicat(["push", "-q", app(":1.0"), target], { env })).code).toBe(0);
    expect(other.content.repository("app").tags.get("1")).toBe(image.digest);
    const ranges = other.requests.map(({ head }) => head.headers.get("content-range"));
    expect(ranges).toContain("0-1023");
    expect(ranges).toContain("1024-2047");
  });

  test("by its own name, under every name of a repository", async () => {
    const mine = `${registry.domain}/mine/app`;
    await place.output(["tag", app(":1.0"), `${mine}:a`, `${mine}:b`]);
    expect(await place.output(["push", "-q", `${mine}:a`])).toBe(`${mine}:a\n`);
    expect(await place.output(["image", "push", "-q", "--all-tags", mine])).toBe(
      `${mine}:a\n${mine}:b\n`,
    );
    expect([...registry.content.repository("mine/app").tags.keys()].sort()).toEqual(["a", "b"]);
    const byId = await place.ocicat(["push", "-q", id]);
    expect(byId.code).toBe(1);
    expect(byId.stderr).toContain("it has several names");
  });

  test("of a manifest list, with all of its images", async () => {
    await place.output(["pull", "-q", "--all-platforms", app(":multi")]);
    const list = `${registry.domain}/lists/app:1`;
    expect(await place.output(["manifest", "create", list, app(":multi")])).toBe(
      `Created manifest list ${list}\n`,
    );
    const digest = (await place.output(["manifest", "push", "-q", list])).trim();
    const stored = registry.content.repository("lists/app");
    expect(stored.tags.get("1")).toBe(digest);
    expect(stored.manifests.size).toBe(3);
    const raw = await place.output(["manifest", "inspect", "--remote", "--raw", list]);
    expect(new Bun.CryptoHasher("sha256").update(raw).digest("hex")).toBe(digest.slice(7));
    expect(JSON.parse(raw)).toMatchObject({ mediaType: OCI_INDEX });
    expect(JSON.parse(raw).manifests).toHaveLength(2);
  });
});

describe("the library", () => {
  const storeRoot = join(place.folder, "library");

  test("does what the commands do, and reports events", async () => {
    const events: ImageEvent[] = [];
    const onEvent = (event: ImageEvent) => events.push(event);
    const [pulled] = await pullImages(app(":1.0"), { storeRoot, onEvent });
    expect(pulled).toMatchObject({ name: app(":1.0"), imageId: id, status: "updated" });
    expect(events[0]).toMatchObject({ kind: "resolved", digest: image.digest });
    const report = await inspectImage(app(":1.0"), { storeRoot });
    expect(report).toMatchObject({ Id: id, Digest: image.digest });
    const [listed] = await listImages({ storeRoot, filters: ["dangling=false"] });
    expect(listed).toMatchObject({ name: app(":1.0"), tag: "1.0", digest: image.digest });
    const { removed, failures } = await removeImages([app(":1.0"), "nothing"], { storeRoot });
    expect(removed.map(({ deleted }) => deleted)).toEqual([pulled?.imageId]);
    expect(failures.map(({ code }) => code)).toEqual(["not-found"]);
  });

  test("ends when it is told to", async () => {
    registry.plan.add({ on: "blob", times: 2, action: { kind: "stall", afterBytes: 5000 } });
    const controller = new AbortController();
    const onEvent = (event: ImageEvent) => {
      if (event.kind === "layer" && event.bytes >= 5000) {
        controller.abort();
      }
    };
    const { signal } = controller;
    const pull = pullImages(app(":1.0"), { storeRoot, onEvent, signal });
    const failure = await pull.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(OcicatError);
    expect(failure).toMatchObject({ code: "interrupted" });
  });
});

describe("a registry with passwords", () => {
  let locked: FaultyRegistry;
  const authFile = join(place.folder, "config", "containers", "auth.json");

  beforeAll(async () => {
    locked = await FaultyRegistry.start({
      auth: { kind: "basic", username: "me", password: "secret word" },
    });
    const layout = join(place.folder, "layout");
    locked.content.addLayout("team/app", layout, "multi");
  });

  afterAll(() => locked[Symbol.asyncDispose]());

  test("is not for strangers", async () => {
    const { code, stderr } = await place.ocicat(["pull", "-q", `${locked.domain}/team/app:multi`]);
    expect(code).toBe(1);
    expect(stderr).toContain("ocicat pull: ");
  });

  test("--creds holds for one time", async () => {
    const name = `${locked.domain}/team/app:multi`;
    expect(await place.output(["pull", "-q", "--creds", "me:secret word", name])).toBe(`${name}\n`);
    expect((await place.ocicat(["pull", "-q", "--creds", "me:wrong", name])).code).toBe(1);
    expect((await place.ocicat(["pull", "-q", "--creds", "nobody", name])).stderr).toContain(
      "use --creds: it is not of the form USER:PASSWORD",
    );
    expect(await Bun.file(authFile).exists()).toBe(false);
  });

  test("copy within it takes the password of either end", async () => {
    const [source, target] = [
      `${locked.domain}/team/app:multi`,
      `${locked.domain}/team/app:copied`,
    ];
    for (const flag of ["--src-creds", "--dest-creds"]) {
      const words = ["copy", "-q", flag, "me:secret word", source, target];
      expect(await place.output(words)).toBe(`${target}\n`);
    }
    expect((await place.ocicat(["copy", "-q", source, target])).code).toBe(1);
  });

  test("login keeps what the registry accepts, logout forgets it", async () => {
    const words = ["login", "-u", "me", "--password-stdin", locked.domain];
    const wrong = await place.ocicat(words, { input: "wrong\n" });
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toStartWith(`ocicat login: log in to "${locked.domain}": `);
    const right = await place.ocicat(words, { input: "secret word\n" });
    expect(right).toEqual({
      code: 0,
      stdout: "Login Succeeded\n",
      stderr: `The password is kept in ${authFile}.\n`,
    });
    expect(await place.output(["login", "--get-login", locked.domain])).toBe("me\n");
    await place.output(["pull", "-q", `${locked.domain}/team/app:multi`]);
    expect(await place.output(["logout", locked.domain])).toBe(`Removed from ${authFile}\n`);
    const gone = await place.ocicat(["logout", locked.domain]);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain("nobody is logged in there");
  });

  test("login asks at a terminal, and does not show the password", async () => {
    const session = new TerminalSession([OCICAT, "login", locked.domain], place.environment);
    await session.shows("Username: ");
    session.type("me\r");
    await session.shows("Password: ");
    session.type("secret worx\x7fd\r");
    expect(await session.ended()).toBe(0);
    expect(session.output).toContain("Login Succeeded");
    expect(session.output).not.toContain("secret");
    expect(await place.output(["logout", "--all"])).toBe(`Removed from ${authFile}\n`);
  });

  test("ctrl-c at the password leaves the terminal as it was", async () => {
    const script = 'stty -g; "$@"; echo "code $?"; stty -g';
    const command = [OCICAT, "login", "-u", "me", locked.domain];
    const session = new TerminalSession(["sh", "-c", script, "sh", ...command], place.environment);
    await session.shows("Password: ");
    session.type("\x03");
    const ended = await session.ended();
    expect(session.output).toContain("code 130");
    expect(ended).toBe(0);
    const modes = session.output.match(/^[0-9a-f]+:[0-9a-f:]+\r$/gm) ?? [];
    expect(modes).toHaveLength(2);
    expect(modes[0]).toBe(modes[1] ?? "");
  });

  test("without a terminal says what is missing", async () => {
    const { code, stderr } = await place.ocicat(["login", locked.domain]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `ocicat login: log in to the registry: nobody can be asked for the user name
hint: give it with --username
`,
    );
  });
});
