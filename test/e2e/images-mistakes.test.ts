// What people get wrong, and what they are told: one line, and what to do about it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { named } from "../fixtures/image-layout.ts";
import { addImage, ImagePlace, imageId } from "./image-place.ts";
import { OCICAT } from "./run-place.ts";

const place = new ImagePlace();

/** Two images whose IDs begin alike. */
let ambiguous = "";

beforeAll(() => {
  place.fill((layout) => {
    const images = Array.from({ length: 40 }, (_, index) =>
      addImage(layout, { contents: [`content ${index}`] }),
    );
    const ids = images.map((image) => imageId(layout, image).slice("sha256:".length));
    const [first = ""] = ids.filter((id) => ids.filter((each) => each[0] === id[0]).length > 1);
    ambiguous = first.slice(0, 1);
    const [one, ...others] = images;
    return one === undefined ? [] : [named(one, "docker.io/library/debian:12"), ...others];
  });
});

afterAll(() => place.remove());

const USAGE_MISTAKE = 125;

describe("the command line", () => {
  test.each<[string[], string]>([
    [
      ["rmi"],
      "use `ocicat rmi`: it takes at least one argument, not none\nhint: ocicat rmi [FLAGS]",
    ],
    [
      ["tag", "debian:12"],
      "use `ocicat tag`: it takes at least 2 arguments, not 1\nhint: ocicat tag",
    ],
    [["history", "a", "b"], "use `ocicat history`: it takes one argument, not 2"],
    [["image", "prune", "x"], "use `ocicat image prune`: it takes no arguments, not 1"],
    [["import", "a", "b", "c"], "use `ocicat import`: it takes 1 to 2 arguments, not 3"],
    [
      ["images", "--no-trunk"],
      'use "--no-trunk": there is no such flag\nhint: did you mean --no-trunc?',
    ],
    [["images", "-x"], 'use "-x": there is no such flag\nhint: `ocicat images --help` lists them'],
    [["images", "--filter"], "use --filter: it needs a value: --filter KEY=VALUE"],
    [["images", "--quiet=maybe"], "use --quiet=maybe: it is true or false"],
  ])("%j", async (words, text) => {
    const { code, stdout, stderr } = await place.ocicat(words);
    expect({ code, stdout }).toEqual({ code: USAGE_MISTAKE, stdout: "" });
    const name = stderr.slice(0, stderr.indexOf(": "));
    expect(stderr).toStartWith(`${name}: ${text}`);
  });

  test.each<[string[], string]>([
    [
      ["imges"],
      "ocicat: no such command: imges; --help lists them\nhint: did you mean ocicat images?\n",
    ],
    [
      ["image", "lst"],
      "ocicat image: no such command: lst; --help lists them\nhint: did you mean ocicat image ls?\n",
    ],
    [["manifest", "frob"], "ocicat manifest: no such command: frob; --help lists them\n"],
  ])("%j", async (words, stderr) => {
    expect(await place.ocicat(words)).toEqual({ code: USAGE_MISTAKE, stdout: "", stderr });
  });

  test("--help wins over everything that is missing", async () => {
    expect(await place.output(["pull", "--help"])).toStartWith(
      "usage: ocicat pull [FLAGS] NAME[:TAG|@DIGEST]...\n",
    );
    expect(await place.output(["image", "--help"])).toContain("  rm, remove ");
    expect(await place.output(["help", "image", "ls"])).toBe(
      await place.output(["image", "ls", "-h"]),
    );
  });
});

describe("values", () => {
  test.each<[string[], string]>([
    [["images", "--format", "{{.Nope}}"], 'column 3, ".Nope": there is no such field\nhint: '],
    [["images", "--format", "{{.id}}"], '".id": there is no such field\nhint: did you mean .ID?'],
    [["images", "--format", "{{.ID"], 'column 1, "{{": it is not closed by }}'],
    [["images", "--format", "{{uper .ID}}"], "hint: did you mean upper?"],
    [
      ["inspect", "-f", "{{.Config.Nope}}", "debian:12"],
      'column 10, ".Nope": there is no such field',
    ],
    [["images", "-f", "lable=x"], 'there is no filter "lable"\nhint: did you mean label?'],
    [["images", "-f", "dangling"], "it is not of the form KEY=VALUE"],
    [["images", "-f", "dangling=perhaps"], "it is true or false"],
    [["images", "-f", "until=yesterday"], "it is neither a time nor a duration"],
    [["images", "-f", "reference=[a"], "a [ has no ]"],
    [["images", "--sort", "age"], "it is one of created, repository, tag, size, id"],
    [["pull", "--all-tags", "debian:12"], "it names one image already"],
    [["push", "--all-tags", "debian:12"], "it names one tag already"],
    [["push", "--all-tags", "debian", "other"], "they go to where they say"],
    [["push", "--all-tags", "nothing"], "the store has none of that repository"],
    [["login", "--get-login", "registry"], "it is not of the form HOST[:PORT][/REPOSITORY]"],
    [["login", "--get-login", "a.example/x:tag"], "it is not of the form HOST[:PORT][/REPOSITORY]"],
    [["login", "--get-login", "https://index.docker.io/v1/"], "nobody is logged in there"],
    [["pull", "--progress", "loud", "x"], "it is one of auto, tty, plain, json and none"],
    [["pull", "--platform", "a/b/c/d", "x"], 'parse platform "a/b/c/d"'],
  ])("%j", async (words, text) => {
    const { code, stdout, stderr } = await place.ocicat(words);
    expect(code).toBe(1);
    expect(stdout.replace(/^\[\]\n$/, "")).toBe("");
    expect(stderr).toContain(text);
  });
});

describe("images", () => {
  test.each<[string, string]>([
    ["debain:12", "hint: did you mean debian:12?"],
    ["debian", "hint: did you mean debian:12?"],
    ["debian:13", "hint: did you mean debian:12?"],
    ["postgres", "hint: `ocicat images` lists those that are; `ocicat pull` gets more"],
    ["ffffffffffffffffffff", "it is not in the store"],
    [`sha256:${"0".repeat(64)}`, "it is not in the store"],
    ["UPPER", "the repository's name must be in lower case"],
    ["a b", "is not part of a repository's name"],
    ["", 'parse image name ""'],
  ])("%p", async (name, text) => {
    const { code, stderr } = await place.ocicat(["history", name]);
    expect(code).toBe(1);
    expect(stderr).toContain(text);
  });

  test("the beginning of several IDs", async () => {
    const { code, stderr } = await place.ocicat(["rmi", ambiguous]);
    expect(code).toBe(1);
    expect(stderr).toContain("it is the beginning of several IDs: ");
    expect(stderr).toContain("hint: give more of the ID, or a name");
  });
});

describe("stores", () => {
  test("of another version", async () => {
    const folder = join(place.folder, "newer");
    mkdirSync(folder);
    writeFileSync(join(folder, "version"), "99\n");
    const { code, stderr } = await place.ocicat(["images", "--store", folder]);
    expect(code).toBe(1);
    expect(stderr).toContain('it has version "99", this program writes');
    expect(stderr).toContain("hint: use the ocicat that made it, or another --store");
  });

  test("that cannot be", async () => {
    writeFileSync(join(place.folder, "file"), "");
    const { code, stderr } = await place.ocicat(["images", "--store", "file"]);
    expect(code).toBe(1);
    expect(stderr).toContain("not a directory");
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(!isRoot || Bun.which("setpriv") === null)(
    "of somebody else (needs root, setpriv)",
    async () => {
      const folder = join(place.folder, "locked");
      mkdirSync(folder, { mode: 0o700 });
      chmodSync(place.folder, 0o755);
      const user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
      const child = Bun.spawn([...user, OCICAT, "images", "--store", folder], {
        env: place.environment,
        stdout: "pipe",
        stderr: "pipe",
      });
      expect(await new Response(child.stderr).text()).toContain("permission denied");
      expect(await child.exited).toBe(1);
    },
  );
});
