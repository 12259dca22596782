// `ocicat man`, and the names that shells complete.

import { afterAll, describe, expect, test } from "bun:test";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe("manual pages", () => {
  const place = new ContainerPlace();

  function man(...words: readonly string[]) {
    const child = Bun.spawnSync([place.program, "man", ...words]);
    return { status: child.exitCode, out: child.stdout.toString(), error: child.stderr.toString() };
  }

  test("where no terminal is, the source is written", () => {
    expect(man("image", "list").out).toStartWith(".TH OCICAT\\-IMAGE\\-LIST 1 ");
    expect(man("config.toml").out).toContain("\\fBimage.pull\\-policy\\fR");
    expect(man("image", "lst")).toEqual({
      status: 1,
      out: "",
      error: `ocicat man: find the manual page of "ocicat image lst": there is no such command\nhint: did you mean ls?\n`,
    });
  });
});

describe.skipIf(NEEDS_ROOT)("as root: names for shells", () => {
  const place = new ContainerPlace();
  afterAll(() => {
    place.remove();
  });

  const names = (kind: string): string[] =>
    place.outputOf("complete", kind).split("\n").filter(Boolean);

  test("of containers, images and volumes; where there are none nothing is made", () => {
    for (const kind of ["container", "pod", "image", "volume", "secret"]) {
      expect(names(kind)).toEqual([]);
    }
    for (const name of ["web", "db"]) {
      place.outputOf("create", "--name", name, "--rootfs", place.root, "/bin/true");
    }
    place.outputOf("volume create", "data");
    place.outputOf("pod create", "--name", "shop");
    expect(names("container")).toEqual(["db", "web"]);
    expect(names("pod")).toEqual(["shop"]);
    expect(names("volume")).toEqual(["data"]);
    expect(place.call("complete", ["bread"]).status).toBe(125);
    place.outputOf("pod rm", "shop");
    place.clear();
    expect(names("container")).toEqual([]);
  });
});
