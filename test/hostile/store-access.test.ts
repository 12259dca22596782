// Other users of the host against the store: a container may put a program there that is set-user-id root's, which
// nobody of the host is to execute.

import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ContainerPlace } from "../e2e/container-place.ts";
import { eventually } from "../peers/conditions.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: the store's files", () => {
  let place: ContainerPlace;

  afterEach(async () => {
    place.call("pod rm", ["-f", "--all"]);
    place.clear();
    await eventually("nothing to be left", () => place.leftovers().length === 0);
    place.remove();
  });

  const modeOf = (path: string): string =>
    (statSync(join(place.store, path)).mode & 0o777).toString(8);

  test.each([
    ["run --rootfs", "run", ["--rm", "--rootfs", "ROOT", "/bin/true"]],
    ["run hello", "run", ["--rm", "hello"]],
    ["volume create", "volume create", ["data"]],
    ["pod create", "pod create", ["web"]],
    ["secret create", "secret create", ["name", "-"]],
  ])("are closed to others, if the first command is %s", (_, command, words) => {
    place = new ContainerPlace();
    const given = words.map((word) => (word === "ROOT" ? place.root : word));
    const { status, stderr } = place.call(command, given, { input: "secret" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(modeOf(".")).toBe("700");
  });

  test("are so by their own folders, too: a store may lie in one that was made for it", () => {
    place = new ContainerPlace();
    mkdirSync(place.store, { mode: 0o755 });
    place.detach("evil", "exec sleep 1000", "-v", "data:/data");
    const folders = ["containers", `containers/${place.idOf("evil")}`, "volumes", "volumes/data"];
    expect(folders.map(modeOf)).toEqual(folders.map(() => "700"));
  });
});
