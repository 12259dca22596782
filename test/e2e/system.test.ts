// `ocicat system df, prune, info` on a store with images.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestStore } from "../../src/image/content/store.fixture.ts";
import { OCICAT } from "./run-place.ts";

let place: TestStore;

beforeEach(() => {
  place = new TestStore();
});

afterEach(() => {
  place[Symbol.dispose]();
});

function ocicat(...words: string[]) {
  const places = ["--store", place.root, "--root", join(place.root, "../state")];
  const child = Bun.spawnSync([OCICAT, ...words, ...places], {
    stdin: "ignore",
    env: { PATH: process.env["PATH"] ?? "", OCICAT_CONFIG: "", HOME: place.root },
  });
  return { code: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

function output(...words: string[]): string {
  const { code, stdout, stderr } = ocicat(...words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

function jsonLines(text: string): unknown[] {
  return text
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

/** An image with a name, one without, a container of the first, and a half-made layer. */
async function fill() {
  const used = await place.addImage([1, 2]);
  const replaced = await place.addImage([3]);
  await place.content.setName("docker.io/library/debian:12", replaced.manifest);
  await place.content.setName("docker.io/library/debian:12", used.manifest);
  const container = join(place.root, "containers/web");
  mkdirSync(join(container, "upper"), { recursive: true });
  writeFileSync(join(container, "image"), `${used.manifest.digest}\n`);
  writeFileSync(join(container, "upper/data"), new Uint8Array(50_000));
  place.reopen();
  writeFileSync(join(place.root, "staging/half"), new Uint8Array(30_000));
}

describe("ocicat system df", () => {
  test("adds up to what du says", async () => {
    await fill();
    const rows = jsonLines(output("system", "df", "--format", "json"));
    const sum = rows.reduce((bytes: number, row) => bytes + Object(row).Bytes, 0);
    const du = Bun.spawnSync(["du", "-sx", "--block-size=1", place.root]).stdout.toString();
    expect(sum).toBe(Number.parseInt(du, 10));
    expect(rows[0]).toMatchObject({ Type: "Images", TotalCount: "2", Active: "1" });
    expect(rows[1]).toMatchObject({ Type: "Containers", TotalCount: "1", Active: "0" });
    expect(rows[3]).toMatchObject({ Type: "Unfinished", TotalCount: "1" });
  });

  test("is docker's table, or a template", async () => {
    await fill();
    const [head = "", ...lines] = output("system", "df").trimEnd().split("\n");
    expect(head.split(/ {2,}/)).toEqual(["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"]);
    expect(lines.map((line) => line.split(" ")[0])).toEqual([
      "Images",
      "Containers",
      "Local",
      "Unfinished",
      "Store",
    ]);
    expect(output("system", "df", "--format", "{{.Type}} {{.TotalCount}}")).toStartWith(
      "Images 2\nContainers 1\n",
    );
  });

  test("-v tells each image and container", async () => {
    await fill();
    const text = output("system", "df", "-v");
    expect(text).toMatch(/\ndebian:12 +[0-9a-f]{12} .* 1\n/);
    expect(text).toMatch(/\n<none> +[0-9a-f]{12} .* 0\n/);
    // The folder has no record, and so no name.
    expect(text).toMatch(/\nweb +debian:12 .* stopped +-\n/);
    expect(output("system", "df", "-v", "--format", "table")).toBe(text);
    const usage: unknown = JSON.parse(output("system", "df", "-v", "--format", "json"));
    expect(usage).toMatchObject({
      images: [{ names: [] }, { names: ["debian:12"], containers: ["web"] }],
      containers: [{ id: "web", image: "debian:12", running: false }],
    });
    const format = "{{range .Images}}{{.Names}} {{.Containers}}, {{end}}{{json .Volumes}}";
    expect(output("system", "df", "-v", "--format", format)).toBe("[] 0, [debian:12] 1, []\n");
  });
});

describe("ocicat system prune", () => {
  test("removes images without a name and what is unfinished, and says so", async () => {
    await fill();
    const text = output("system", "prune", "--force");
    expect(text).toMatch(/^Deleted: sha256:[0-9a-f]{64}\n/);
    expect(text).toContain("Unfinished: half\n");
    expect(text).toMatch(/\nTotal reclaimed space: [\d.]+kB\n$/);
    expect(existsSync(join(place.root, "staging/half"))).toBe(false);
    expect(output("system", "df", "--format", "{{.TotalCount}}")).toBe("1\n1\n0\n0\n1\n");
  });

  test("--all removes images that have a name too, but none that a container uses", async () => {
    await fill();
    const other = await place.addImage([7]);
    await place.content.setName("docker.io/library/alpine:3", other.manifest);
    place.reopen();
    expect(output("system", "prune", "--all", "--force")).toContain("Untagged: alpine:3\n");
    expect(output("system", "df", "--format", "{{.TotalCount}}")).toStartWith("1\n1\n");
  });

  test("asks first", async () => {
    await fill();
    const { code, stderr } = ocicat("system", "prune");
    expect(code).toBe(1);
    expect(stderr).toContain("standard input is no terminal");
    expect(stderr).toContain("hint: say it with --force");
    expect(existsSync(join(place.root, "staging/half"))).toBe(true);
  });
});

describe("ocicat system check", () => {
  test("a store with a container, an image without a name and a leftover works", async () => {
    await fill();
    const { code, stdout, stderr } = ocicat("system", "check");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain('untidy: a killed process left "half" in the folder staging\n');
    expect(output("system", "check", "--repair")).toContain("The store is sound again.\n");
    expect(output("system", "check")).toBe("The store is sound.\n");
  });

  test("a damaged blob is found, and its image after the repair still told", async () => {
    const image = await place.addImage([1]);
    await place.content.setName("docker.io/library/debian:12", image.manifest);
    const [layer] = image.layers;
    const path = place.content.blobPath(layer?.digest ?? image.manifest.digest);
    place.reopen();
    chmodSync(path, 0o600);
    const content = readFileSync(path);
    content[100] = (content[100] ?? 0) ^ 1;
    writeFileSync(path, content);

    const { code, stdout } = ocicat("system", "check");
    expect(code).toBe(1);
    expect(stdout).toContain(`damaged: the blob ${layer?.digest} is damaged`);
    expect(output("system", "check", "--quick")).toBe("The store is sound.\n");

    const repaired = ocicat("system", "check", "--repair", "--format", "json");
    expect(repaired.code).toBe(1);
    const report: unknown = JSON.parse(repaired.stdout);
    expect(report).toMatchObject({
      sound: false,
      findings: [
        { kind: "blob", digest: layer?.digest, isRepaired: true },
        { kind: "image", missing: layer?.digest, isRepaired: false },
      ],
    });
    expect(existsSync(path)).toBe(false);
  });
});

describe("ocicat system info", () => {
  test("tells versions, folders and numbers", async () => {
    await fill();
    const description: unknown = JSON.parse(output("system", "info", "--format", "json"));
    expect(description).toMatchObject({
      version: "0.1.0",
      specVersion: "1.3.0",
      store: { root: place.root, images: 2, containers: 1, running: 0 },
      registries: { default: "docker.io", insecure: [] },
      configurationFiles: [],
    });
    expect(output("info")).toContain("\n  Images:          2\n");
    expect(output("info", "-f", "{{.store.images}} {{.host.architecture}}")).toMatch(
      /^2 (?:x86_64|aarch64)\n$/,
    );
  });

  test("of a store that is not there makes none", () => {
    const store = join(place.root, "nothing/here");
    const child = Bun.spawnSync([OCICAT, "info", "--store", store], { env: { OCICAT_CONFIG: "" } });
    expect(child.stdout.toString()).toContain(`Store:             ${store} (`);
    expect(existsSync(store)).toBe(false);
  });
});
