// A store that can only be read: one of a file system that is mounted so, as machines share images by. What
// only reads works, and what does not says why, and what does instead.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ContainerPlace } from "./container-place.ts";
import { USER_ID } from "./ordinary-user.ts";
import { OCICAT } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NAME = "shared.example/tools/box:1";
/** In a mount namespace of its own, with the first argument's folder read-only. */
const READ_ONLY = `set -e
  mount --bind "$1" "$1"
  mount -o remount,bind,ro "$1"
  shift
  exec "$@"`;

describe.skipIf(NEEDS_ROOT)("as root: a store that can only be read", () => {
  const place = new ContainerPlace();
  const own = join(place.folder, "own");

  beforeAll(() => {
    place.onImages("load", "-q", "-i", join(place.image.slice("oci:".length).split(":")[0] ?? ""));
    place.onImages("tag", place.onImages("images", "-q").trim(), NAME);
  });
  afterAll(() => place.remove());

  function call(...words: readonly string[]) {
    const mounted = ["unshare", "-m", "sh", "-c", READ_ONLY, "sh", place.store];
    const child = Bun.spawnSync([...mounted, ...words], { cwd: place.folder, stdin: "ignore" });
    return {
      status: child.exitCode,
      stdout: child.stdout.toString(),
      stderr: child.stderr.toString(),
    };
  }

  const onStore = (...words: readonly string[]) => call(OCICAT, ...words, "--store", place.store);

  test.each<string[]>([
    ["images", "--digests"],
    ["inspect", NAME],
    ["history", NAME],
    ["image", "exists", NAME],
    ["manifest", "inspect", NAME],
    ["system", "df", "-v"],
    ["system", "check"],
    ["ps", "-a"],
    ["volume", "ls"],
  ])("%s %s: as ever", (...words) => {
    const expected = place.onImages(words.join(" "));
    expect(onStore(...words)).toEqual({ status: 0, stdout: expected, stderr: "" });
  });

  test("events: what has been folded, and what has not", () => {
    const words = ["events", "--since", "1h", "--no-stream", "--filter", "type=image"];
    const before = onStore(...words);
    expect(before).toMatchObject({ status: 0, stderr: "" });
    expect(before.stdout).toContain(` image load `);
    const expected = place.onImages(words.join(" "));
    expect(before.stdout).toBe(expected);
    expect(onStore(...words)).toEqual({ status: 0, stdout: expected, stderr: "" });
  });

  test.each(["save", "export"])("%s: the same bytes as ever", (command) => {
    const { status, stdout, stderr } = onStore(command, "-q", NAME);
    expect([status, stderr]).toEqual([0, ""]);
    expect(Bun.hash(stdout)).toBe(Bun.hash(place.onImages(`${command} -q`, NAME)));
  });

  test("is another user's to read, too", () => {
    Bun.spawnSync(["chmod", "-R", "a+rX", place.store]);
    Bun.spawnSync(["chmod", "a+x", place.folder]);
    const asUser = ["setpriv", `--reuid=${USER_ID}`, `--regid=${USER_ID}`, "--clear-groups"];
    const environment = { PATH: process.env["PATH"] ?? "", HOME: place.folder };
    const words = [OCICAT, "save", "-q", "--store", place.store, NAME];
    const saved = Bun.spawnSync([...asUser, ...words], { env: environment });
    expect([saved.exitCode, saved.stderr.toString()]).toEqual([0, ""]);
    expect(Bun.hash(saved.stdout.toString())).toBe(Bun.hash(place.onImages("save -q", NAME)));
  });

  test.each<string[]>([
    ["tag", NAME, "other:1"],
    ["rmi", NAME],
    ["image", "prune", "--all", "--force"],
  ])("%s: says that it cannot be written to", (...words) => {
    const before = readFileSync(join(place.store, "index.json"), "utf8");
    const { status, stderr } = onStore(...words);
    expect([status, stderr]).toEqual([1, expect.stringContaining("read-only file system (EROFS)")]);
    expect(stderr).toContain("\nhint: the store can only be read: ");
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    expect(readFileSync(join(place.store, "index.json"), "utf8")).toBe(before);
  });

  test.each<string[]>([
    ["volume", "create", "data"],
    ["secret", "create", "key", "/etc/hostname"],
  ])("%s %s: names the store, and the flag that takes another one", (...words) => {
    const { status, stderr } = onStore(...words);
    expect([status, stderr]).toEqual([1, expect.stringContaining("read-only file system (EROFS)")]);
    expect(stderr).toContain("\nhint: --store takes another one");
  });

  test.each([[["run", "--rm"]], [["create"]], [["run", "--rm", "-v", "data:/data"]]])(
    "%j says what to do instead, and that works",
    async (words) => {
      const places = ["--store", place.store, "--root", place.state];
      const { status, stderr } = call(OCICAT, ...words, ...places, NAME, "echo", "inside");
      expect(status).toBe(125);
      expect(stderr).toContain(
        `write to the store "${place.store}": read-only file system (EROFS)\n`,
      );
      const [, instead = ""] = /^hint: --store .*`ocicat run (oci:.*):NAME` /m.exec(stderr) ?? [];
      const ownPlaces = ["--store", own, "--root", place.state];
      const run = call(OCICAT, "run", "--rm", ...ownPlaces, `${instead}:${NAME}`, "echo", "inside");
      expect(run).toEqual({ status: 0, stdout: "inside\n", stderr: "" });
      await place.expectNothingLeft();
    },
  );
});
