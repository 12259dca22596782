// images, inspect and history: what docker and podman document of columns, fields, filters and exit codes.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { O_CLOEXEC } from "../../src/abi/file.ts";
import { humanDuration } from "../../src/cli/terminal/ages.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { call } from "../../src/sys/call.ts";
import { addressOf } from "../../src/sys/entry.ts";
import { close } from "../../src/sys/file.ts";
import { words } from "../../src/sys/memory.ts";
import { named } from "../fixtures/image-layout.ts";
import { addImage, ImagePlace, imageId } from "./image-place.ts";
import { OCICAT } from "./run-place.ts";

const place = new ImagePlace();
const OLD = "2024-01-02T03:04:05Z";
const NEW = "2026-05-06T07:08:09Z";
const DEBIAN = "docker.io/library/debian:12";

let debian: Descriptor;
let ids = { debian: "", app: "", dangling: "" };

beforeAll(() => {
  place.fill((layout) => {
    const config = {
      Env: ["PATH=/bin"],
      Cmd: ["sh", "-c", "true"],
      Labels: { team: "web", empty: "" },
    };
    debian = addImage(layout, { created: OLD, config, contents: ["one", "two"] });
    const app = addImage(layout, { created: NEW, config: { Labels: { team: "db" } } });
    const dangling = addImage(layout, { contents: ["lost"] });
    ids = {
      debian: imageId(layout, debian),
      app: imageId(layout, app),
      dangling: imageId(layout, dangling),
    };
    return [
      named(debian, DEBIAN),
      named(debian, "registry.example:5000/team/debian:stable"),
      named(app, "quay.io/team/app:1.0"),
      dangling,
    ];
  });
});

afterAll(() => {
  expect(place.leftovers()).toEqual([]);
  place.remove();
});

const short = (id: string) => id.slice("sha256:".length).slice(0, 12);

describe("images", () => {
  test("has docker's columns, the latest image first", async () => {
    const age = `${humanDuration(Date.now() - Date.parse(OLD))} ago`;
    const [head, ...rows] = await place.table(["images"]);
    expect(head).toEqual(["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"]);
    expect(rows.map((row) => row.slice(0, 4))).toEqual([
      ["quay.io/team/app", "1.0", short(ids.app), expect.stringMatching(/ ago$/)],
      ["debian", "12", short(ids.debian), age],
      ["registry.example:5000/team/debian", "stable", short(ids.debian), age],
      ["<none>", "<none>", short(ids.dangling), "N/A"],
    ]);
    for (const [, , , , size = ""] of rows) {
      expect(size).toMatch(/^\d+(\.\d+)?k?B$/);
    }
    expect(await place.output(["image", "ls"])).toBe(await place.output(["images", "-a"]));
  });

  test("--digests, --no-trunc", async () => {
    const [head, row] = await place.table(["images", "--digests", "--no-trunc", "debian"]);
    expect(head?.slice(0, 4)).toEqual(["REPOSITORY", "TAG", "DIGEST", "IMAGE ID"]);
    expect(row?.slice(2, 4)).toEqual([debian.digest, ids.debian]);
  });

  test("--quiet shows each ID once", async () => {
    const expected = [ids.app, ids.debian, ids.dangling];
    expect(await place.output(["images", "-q"])).toBe(`${expected.map(short).join("\n")}\n`);
    expect(await place.output(["images", "-q", "--no-trunc"])).toBe(`${expected.join("\n")}\n`);
  });

  test.each<[string[], string[]]>([
    [["debian"], ["debian:12"]],
    [["debian:12"], ["debian:12"]],
    [["debian:13"], []],
    [["docker.io/library/debian"], ["debian:12"]],
    [["*/team/*"], ["quay.io/team/app:1.0", "registry.example:5000/team/debian:stable"]],
    [["-f", "reference=deb*"], ["debian:12"]],
    [
      ["-f", "reference=debian", "-f", "reference=*/*/app"],
      ["quay.io/team/app:1.0", "debian:12"],
    ],
    [["-f", "dangling=true"], ["<none>:<none>"]],
    [["-f", "dangling=false", "quay.io/team/app"], ["quay.io/team/app:1.0"]],
    [["-f", "label=team=db"], ["quay.io/team/app:1.0"]],
    [["-f", "label=empty", "debian"], ["debian:12"]],
    [["-f", "label=team", "-f", "label=team=web", "debian"], ["debian:12"]],
    [["-f", "label!=team"], ["<none>:<none>"]],
    [["-f", "since=debian:12"], ["quay.io/team/app:1.0"]],
    [["-f", "after=debian:12"], ["quay.io/team/app:1.0"]],
    [["-f", "before=quay.io/team/app:1.0", "debian"], ["debian:12"]],
    [["-f", "until=2025-01-01", "debian"], ["debian:12"]],
    [["-f", "until=1h", "quay.io/team/app"], ["quay.io/team/app:1.0"]],
    [["-f", "containers=true"], []],
  ])("%j", async (words, shown) => {
    const format = ["--format", "{{.Repository}}:{{.Tag}}"];
    const output = await place.output(["images", ...format, ...words]);
    expect(output.split("\n").filter(Boolean)).toEqual(shown);
  });

  test("--sort", async () => {
    const tags = async (key: string) =>
      (await place.output(["images", "--sort", key, "--format", "{{.Tag}}"])).split("\n");
    expect((await tags("repository")).slice(0, 4)).toEqual(["<none>", "12", "1.0", "stable"]);
    expect((await tags("tag")).slice(0, 4)).toEqual(["<none>", "1.0", "12", "stable"]);
  });

  test("--format: JSON for each line, templates, tables of chosen columns", async () => {
    const lines = (await place.output(["images", "--format", "json", "debian"])).trimEnd();
    expect(JSON.parse(lines)).toEqual({
      Containers: "0",
      CreatedAt: "2024-01-02 03:04:05 +0000 UTC",
      CreatedSince: expect.stringMatching(/ ago$/),
      Digest: debian.digest,
      ID: short(ids.debian),
      Labels: "team=web,empty=",
      Platform: expect.stringMatching(/^linux\//),
      Repository: "debian",
      Size: expect.stringMatching(/B$/),
      Tag: "12",
      SharedSize: "N/A",
      UniqueSize: "N/A",
      VirtualSize: expect.stringMatching(/B$/),
    });
    expect(await place.output(["images", "--format", "{{json .}}", "debian"])).toBe(`${lines}\n`);
    const chosen = await place.output(["images", "--format", "table {{.ID}}\\t{{.Tag}}", "debian"]);
    expect(chosen).toBe(`IMAGE ID       TAG\n${short(ids.debian)}   12\n`);
  });

  test("ends quietly, as SIGPIPE would end it, when nobody reads on", async () => {
    const ends = words(2);
    expect(call("pipe2", addressOf(ends), O_CLOEXEC)).toBe(0);
    const [readFd = -1, writeFd = -1] = ends;
    close(readFd);
    const child = Bun.spawn([OCICAT, "images"], {
      stdout: writeFd,
      stderr: "pipe",
      env: place.environment,
    });
    close(writeFd);
    expect(await new Response(child.stderr).text()).toBe("");
    expect(await child.exited).toBe(141);
  });
});

describe("inspect", () => {
  test("has docker's fields", async () => {
    const [report, ...others] = JSON.parse(await place.output(["inspect", "debian:12"]));
    expect(others).toEqual([]);
    expect(report).toMatchObject({
      Id: ids.debian,
      RepoTags: ["debian:12", "registry.example:5000/team/debian:stable"],
      RepoDigests: [
        `debian@${debian.digest}`,
        `registry.example:5000/team/debian@${debian.digest}`,
      ],
      Created: OLD,
      Config: {
        Env: ["PATH=/bin"],
        Cmd: ["sh", "-c", "true"],
        Entrypoint: [],
        Volumes: {},
        Labels: { team: "web", empty: "" },
      },
      Os: "linux",
      RootFS: { Type: "layers", Layers: [expect.any(String), expect.any(String)] },
      GraphDriver: { Name: "", Data: {} },
      Containers: [],
    });
    expect(report.Size).toBeGreaterThan(0);
  });

  test.each([
    [["debian"], 1],
    [["debian:12", "quay.io/team/app:1.0"], 0],
  ])("%j ends with %d where one is missing", async (names, code) => {
    const result = await place.ocicat(["image", "inspect", ...names]);
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stdout)).toHaveLength(code === 0 ? names.length : 0);
  });

  test("finds an image by name, ID, beginning of an ID and digest", async () => {
    const forms = [
      DEBIAN,
      "library/debian:12",
      "registry.example:5000/team/debian:stable",
      ids.debian,
      ids.debian.slice("sha256:".length),
      short(ids.debian),
      `debian@${debian.digest}`,
      `debian:12@${debian.digest}`,
      debian.digest,
    ];
    for (const form of forms) {
      expect(await place.output(["inspect", "--format", "{{.Id}}", form])).toBe(`${ids.debian}\n`);
    }
  });

  test("--format takes templates over the whole document", async () => {
    const format =
      '{{.Os}} {{join .Config.Cmd " "}} {{index .Config.Labels "team"}} {{len .RootFS.Layers}}' +
      "{{range $i, $t := .RepoTags}}{{if not $i}} {{upper $t}}{{end}}{{end}} {{json .Config.Env}}";
    expect(await place.output(["inspect", "-f", format, "debian:12"])).toBe(
      'linux sh -c true web 2 DEBIAN:12 ["PATH=/bin"]\n',
    );
  });

  test("exists says it by its exit code", async () => {
    expect((await place.ocicat(["image", "exists", "debian:12"])).code).toBe(0);
    expect(await place.ocicat(["image", "exists", "nothing"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "",
    });
    expect((await place.ocicat(["image", "exists", "NOT A NAME"])).code).toBe(125);
  });
});

describe("history", () => {
  test("has docker's columns, the last step first", async () => {
    const [head, ...rows] = await place.table(["history", "debian:12"]);
    expect(head).toEqual(["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"]);
    expect(rows.map(([id, , command]) => [id, command])).toEqual([
      [short(ids.debian), "CMD"],
      ["<missing>", "COPY file-1 /"],
      ["<missing>", "COPY file-0 /"],
    ]);
    expect(rows[0]?.[3]?.trim()).toBe("0B");
  });

  test("--format, --quiet, --no-trunc, --human=false", async () => {
    const [head, row] = await place.table(["history", "--human=false", "debian:12"]);
    expect(head?.[1]).toBe("CREATED AT");
    expect(row?.slice(0, 4)).toEqual([short(ids.debian), OLD, "CMD", "0"]);
    const format = ["--format", "{{.ID}} {{.CreatedAt}} {{.Tags}}"];
    expect(await place.output(["history", ...format, "debian:12"])).toStartWith(
      `${short(ids.debian)} ${OLD} docker.io/library/debian:12,`,
    );
    expect(await place.output(["image", "history", "-q", "--no-trunc", "debian:12"])).toBe(
      `${ids.debian}\n<missing>\n<missing>\n`,
    );
  });
});
